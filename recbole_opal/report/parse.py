"""From `comparison.json` to a `Comparison`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from recbole_opal.errors import CheckpointError
from recbole_opal.report.source import Comparison, Difference, Row, Value

__all__ = ["read_comparison"]


def read_comparison(folder: Path) -> Comparison:
    """Read the comparison that lies in a folder.

    Args:
        folder: holds comparison.json.

    Raises:
        CheckpointError: the file is not there, or is no comparison.
    """
    path = Path(folder) / "comparison.json"
    try:
        plain = json.loads(path.read_text(encoding="utf-8"))
        return _comparison(Path(folder), plain)
    except OSError as error:
        raise CheckpointError(
            f"cannot read {path}: {error.strerror}; give the folder of a finished comparison."
        ) from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise CheckpointError(
            f"{path} is no comparison ({type(error).__name__}: {error}); run the comparison's "
            "command again, which writes it anew."
        ) from error


def _comparison(folder: Path, plain: Mapping[str, Any]) -> Comparison:
    return Comparison(
        folder=folder,
        dataset=str(plain["dataset"]),
        command=str(plain["command"]),
        metric=str(plain["metric"]).lower(),
        seeds=tuple(str(seed) for seed in plain["seeds"]),
        hardware=str(plain.get("hardware") or ""),
        versions={str(k): str(v) for k, v in (plain.get("versions") or {}).items()},
        tuning=plain.get("tuning"),
        rows=tuple(_row(folder, row) for row in plain["rows"]),
    )


def _row(folder: Path, plain: Mapping[str, Any]) -> Row:
    costs = ("train_seconds", "epochs", "test_seconds", "peak_memory", "parameters")
    return Row(
        label=str(plain["label"]),
        variant=str(plain["variant"]),
        model=str(plain["model"]),
        stage=str(plain.get("stage") or ""),
        settings=dict(plain.get("settings") or {}),
        num_interests=plain.get("num_interests"),
        runs={str(seed): folder / run for seed, run in (plain.get("runs") or {}).items() if run},
        error=plain.get("error"),
        valid=_values(plain.get("valid")),
        test=_values(plain.get("test")),
        costs=_values({name: plain.get(name) for name in costs}),
        cut_short=int(plain.get("cut_short") or 0),
        diagnostics=plain.get("diagnostics"),
        against_best=_differences(plain.get("against_best")),
        against_opal=_differences(plain.get("against_opal")),
    )


def _values(plain: Mapping[str, Any] | None) -> dict[str, Value]:
    """Return the values that are there; null where a seed has none."""
    found = {}
    for name, value in (plain or {}).items():
        if value is None or value.get("mean") is None:
            continue
        seeds = tuple(float(v) for v in value.get("values") or () if v is not None)
        found[name] = Value(float(value["mean"]), value.get("sd"), seeds)
    return found


def _differences(plain: Mapping[str, Any] | None) -> dict[str, Difference]:
    return {
        metric: Difference(
            difference=float(value["difference"]),
            low=float(value["low"]),
            high=float(value["high"]),
            effect_size=value.get("effect_size"),
            p_adjusted=value.get("p_adjusted"),
            marked=bool(value.get("marked")),
        )
        for metric, value in (plain or {}).items()
        if value and value.get("difference") is not None
    }

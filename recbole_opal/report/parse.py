"""From `comparison.json` to a `Comparison`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from recbole_opal.errors import CheckpointError
from recbole_opal.evaluation.registry import remember
from recbole_opal.report.schema import ComparisonFile, DifferenceFile, RowFile, ValueFile
from recbole_opal.report.source import Comparison, Difference, Row, Value
from recbole_opal.runs.refusal import refusing

__all__ = ["read_comparison"]

_ANEW = "run the comparison's command again, which writes it anew"
_COSTS = ("train_seconds", "epochs", "test_seconds", "peak_memory", "parameters")


def read_comparison(folder: Path) -> Comparison:
    """Read the comparison that lies in a folder.

    Args:
        folder: holds comparison.json.

    Raises:
        CheckpointError: the file is not there, or is no comparison.
    """
    path = Path(folder) / "comparison.json"
    try:
        content = path.read_bytes()
    except OSError as error:
        raise CheckpointError(
            f"cannot read {path}: {error.strerror}; give the folder of a finished comparison."
        ) from error
    with refusing(str(path), "is no comparison", _ANEW):
        return _comparison(Path(folder), ComparisonFile.model_validate_json(content))


def _comparison(folder: Path, plain: ComparisonFile) -> Comparison:
    remember(plain.own_metrics)
    return Comparison(
        folder=folder,
        dataset=plain.dataset,
        command=plain.command,
        metric=plain.metric.lower(),
        seeds=tuple(str(seed) for seed in plain.seeds),
        hardware=plain.hardware or "",
        versions=plain.versions or {},
        tuning=None if plain.tuning is None else plain.tuning.model_dump(),
        rows=tuple(_row(folder, row) for row in plain.rows),
    )


def _row(folder: Path, plain: RowFile) -> Row:
    known = plain.diagnostics
    return Row(
        label=plain.label,
        variant=plain.variant,
        model=plain.model,
        stage=plain.stage or "",
        settings=plain.settings or {},
        num_interests=plain.num_interests,
        runs={seed: folder / run for seed, run in (plain.runs or {}).items() if run},
        error=plain.error,
        valid=_values(plain.valid or {}),
        test=_values(plain.test or {}),
        costs=_values({name: getattr(plain, name) for name in _COSTS}),
        cut_short=plain.cut_short or 0,
        diagnostics=None if known is None else known.model_dump(exclude_unset=True),
        against_best=_differences(plain.against_best or {}),
        against_opal=_differences(plain.against_opal or {}),
    )


def _values(plain: Mapping[str, ValueFile | None]) -> dict[str, Value]:
    """Return the values that are there; null where a seed has none."""
    return {
        name: Value(value.mean, value.sd, tuple(v for v in value.values or () if v is not None))
        for name, value in plain.items()
        if value is not None and value.mean is not None
    }


def _differences(plain: Mapping[str, DifferenceFile | None]) -> dict[str, Difference]:
    return {
        metric: Difference(
            value.difference, value.low, value.high, value.effect_size, value.p_adjusted,
            value.marked,
        )
        for metric, value in plain.items()
        if value is not None
        and value.difference is not None and value.low is not None and value.high is not None
    }  # fmt: skip

"""How the numbers of a run are called where they are tracked."""

from __future__ import annotations

from collections.abc import Mapping
from math import isfinite
from typing import Any

__all__ = ["curves_of", "results_of"]

_PARTS = ("valid", "test")


def curves_of(row: Mapping[str, Any]) -> dict[str, float]:
    """Return the points of an epoch, a row of training.jsonl: `soft/loss/retrieval`, ..."""
    stage = row["stage"]
    points = {f"{stage}/loss/{name}": value for name, value in row["loss"].items()}
    for name in ("learning_rate", "train_seconds", "valid_seconds"):
        if name in row:
            points[f"{stage}/{name}"] = row[name]
    points |= {f"{stage}/valid/{name}": value for name, value in row.get("valid", {}).items()}
    return _finite(points)


def results_of(stages: Mapping[str, Mapping[str, Any]]) -> dict[str, float]:
    """Return the final metrics of each stage: `final/soft/test/recall@50`, ..."""
    return _finite(
        {
            f"final/{stage}/{part}/{name}": value
            for stage, parts in stages.items()
            for part in _PARTS
            for name, value in (parts.get(part) or {}).items()
        }
    )


def _finite(values: Mapping[str, Any]) -> dict[str, float]:
    """Return what can be drawn: a diverging loss is told by the run itself."""
    return {name: float(value) for name, value in values.items() if isfinite(value)}

"""What runs of several seeds measured, as the rows of a table: one a stage."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from recbole_opal.comparison.row import COSTS, Diagnostics, Row, Spread, spread
from recbole_opal.comparison.run_files import RunMetrics, differs, load_metrics
from recbole_opal.runs import RunReader

__all__ = ["mean_diagnostics", "measured_rows"]


def measured_rows(row: Row, runs: Sequence[RunReader]) -> list[Row]:
    """Return copies of a row, one a stage, with the numbers of its runs, at least one of them.

    Raises:
        CheckpointError: a run has not what a table needs, or other stages than the first.
    """
    metrics = {run.path: load_metrics(run) for run in runs}
    (first, reference), *others = metrics.items()
    for path, found in others:
        if list(found.stages) != list(reference.stages):
            stages = f"the stages {', '.join(found.stages)}"
            raise differs(path / "metrics.json", first, stages)
    interests = runs[0].load_yaml("config.yaml").get("num_interests")
    rows = []
    for stage in reference.stages:
        label = f"{row.label} {stage}" if len(reference.stages) > 1 else row.label
        known = {"label": label, "stage": stage, "num_interests": interests}
        rows.append(row.model_copy(update=known | _measured([*metrics.values()], stage)))
    return rows


def _measured(runs: Sequence[RunMetrics], stage: str) -> dict[str, Any]:
    """Return what a row tells of a stage."""
    records = [run.stages[stage] for run in runs]
    costs = [run.costs(stage) for run in runs]
    found = mean_diagnostics([record.diagnostics for record in records])
    return {
        "valid": _spreads([record.valid for record in records]),
        "test": _spreads([record.test for record in records]),
        **{name: spread([cost[name] for cost in costs]) for name in COSTS},
        "cut_short": sum(record.cut_short for record in records),
        "diagnostics": found,
        **({"num_interests": found.num_interests} if found else {}),
    }


def _spreads(values: Sequence[Mapping[str, float | None]]) -> dict[str, Spread]:
    """Return each metric over the seeds, as far as all of them have it."""
    found = ((name, spread([each.get(name) for each in values])) for name in values[0])
    return {name: value for name, value in found if value is not None}


def mean_diagnostics(found: Sequence[Diagnostics | None]) -> Diagnostics | None:
    """Return the diagnostics averaged over the seeds that have them, None if none has.

    A seed numbers its interests as it likes, so shares (`usage`, `hit_usage`) are put in descending
    order before they are averaged: first the mean share of each seed's most used interest. What no
    seed has is None. A collapse in one seed is a collapse.
    """
    known = [each for each in found if each is not None]
    if not known:
        return None
    names = Diagnostics.model_fields
    return Diagnostics(**{name: _mean([getattr(one, name) for one in known]) for name in names})


def _mean(values: Sequence[Any]) -> Any:
    """Average numbers, or shares in descending order; one True is True; counts are all the same."""
    told = [value for value in values if value is not None]
    if not told:
        return None
    if isinstance(told[0], int):  # a truth value is one too
        return max(told)
    if isinstance(told[0], list):
        return np.mean([sorted(shares, reverse=True) for shares in told], axis=0).tolist()
    return float(np.mean(told))

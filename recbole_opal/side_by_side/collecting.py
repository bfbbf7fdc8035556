"""From run folders to rows."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from recbole_opal.comparison.row import COSTS, Diagnostics, Row, Spread, spread
from recbole_opal.comparison.run_files import FinishedRun, differs
from recbole_opal.side_by_side.execution import Ending
from recbole_opal.side_by_side.variants import Variant

__all__ = ["rows_of"]


def rows_of(
    variant: Variant, settings: Mapping[str, Any], endings: Mapping[int, Ending], folder: Path
) -> list[Row]:
    """Return the rows of a variant, one a stage.

    Args:
        variant: whose rows.
        settings: the settings given to it, tuned ones among them.
        endings: seed to how its run ended.
        folder: the comparison folder, which paths are told from.

    Raises:
        CheckpointError: a run's metrics are not as a run leaves them, or seeds differ in stages.
    """
    done = {seed: FinishedRun(each.folder) for seed, each in endings.items() if each.folder}
    row = Row(
        label=variant.label,
        variant=variant.text,
        model=variant.name,
        settings=dict(settings),
        runs={str(seed): os.path.relpath(run.path, folder) for seed, run in done.items()},
        error=_errors(endings),
    )
    if not done:
        return [row]
    first, *others = done.values()
    for run in others:
        if run.stages != first.stages:
            stages = f"the stages {', '.join(run.stages)}"
            raise differs(run.path / "metrics.json", first.path, stages)
    rows = [row.model_copy(update=_measured([*done.values()], each)) for each in first.stages]
    if len(rows) > 1:
        rows = [r.model_copy(update={"label": f"{row.label} {r.stage}"}) for r in rows]
    return rows


def _errors(endings: Mapping[int, Ending]) -> str | None:
    told: dict[str, list[str]] = {}
    for seed, ending in endings.items():
        if ending.error is not None:
            told.setdefault(ending.error, []).append(str(seed))
    return "; ".join(f"seed {', '.join(seeds)}: {why}" for why, seeds in told.items()) or None


def _measured(runs: Sequence[FinishedRun], stage: str) -> dict[str, Any]:
    """Return what a row tells of a stage."""
    records = [run.metrics["stages"][stage] for run in runs]
    costs = [run.costs(stage) for run in runs]
    diagnostics = mean_diagnostics([record.get("diagnostics") for record in records])
    known = diagnostics.num_interests if diagnostics else runs[0].config.get("num_interests")
    return {
        "stage": stage,
        "num_interests": known,
        **{part: _spreads([record.get(part, {}) for record in records])
           for part in ("valid", "test")},
        **{name: spread([cost[name] for cost in costs]) for name in COSTS},
        "cut_short": sum(run.is_cut_short(stage) for run in runs),
        "diagnostics": diagnostics,
    }  # fmt: skip


def _spreads(values: Sequence[Mapping[str, float | None]]) -> dict[str, Spread]:
    """Return each metric over the seeds, as far as all of them have it."""
    found = {name: spread([each.get(name) for each in values]) for name in values[0]}
    return {name: value for name, value in found.items() if value is not None}


def mean_diagnostics(found: Sequence[Mapping[str, Any] | None]) -> Diagnostics | None:
    """Return the diagnostics averaged over the seeds that have them, None if none has.

    A seed numbers its interests as it likes, so shares (`usage`, `hit_usage`) are put in descending
    order before they are averaged: first the mean share of each seed's most used interest. What no
    seed has is None. A collapse in one seed is a collapse.
    """
    known = [each for each in found if each is not None]
    if not known:
        return None
    values = {name: [each[name] for each in known if each.get(name) is not None]
              for name in known[0]}  # fmt: skip
    return Diagnostics(**{name: _mean(each) for name, each in values.items()})


def _mean(values: Sequence[Any]) -> Any:
    """Average numbers, or shares in descending order; one True is True; counts are all the same."""
    if not values:
        return None
    if isinstance(values[0], bool):
        return any(values)
    if isinstance(values[0], int):
        return values[0]
    if isinstance(values[0], list):
        return np.mean([sorted(shares, reverse=True) for shares in values], axis=0).tolist()
    return float(np.mean(values))

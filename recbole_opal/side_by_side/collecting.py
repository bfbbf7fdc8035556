"""From run folders to rows, and where the runs were made."""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from recbole_opal.comparison.row import COSTS, Diagnostics, Row, Spread, spread
from recbole_opal.comparison.run_files import RunMetrics, differs, load_metrics
from recbole_opal.runs import RunReader
from recbole_opal.runs.machine import processor_name
from recbole_opal.side_by_side.execution import Ending
from recbole_opal.side_by_side.variants import Variant

__all__ = ["hardware", "mean_diagnostics", "package_versions", "rows_of"]

_NOT_PACKAGES = ("device", "platform", "threads")


def rows_of(
    variant: Variant, settings: Mapping[str, Any], endings: Mapping[int, Ending], folder: Path
) -> list[Row]:
    """Return the rows of a variant, one a stage, for the table in the comparison folder."""
    done = {seed: RunReader.open(each.folder) for seed, each in endings.items() if each.folder}
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
    metrics = {run.path: load_metrics(run) for run in done.values()}
    (first, reference), *others = metrics.items()
    for path, found in others:
        if list(found.stages) != list(reference.stages):
            stages = f"the stages {', '.join(found.stages)}"
            raise differs(path / "metrics.json", first, stages)
    interests = RunReader.open(first).load_yaml("config.yaml").get("num_interests")
    rows = []
    for stage in reference.stages:
        label = f"{row.label} {stage}" if len(reference.stages) > 1 else row.label
        known = {"label": label, "stage": stage, "num_interests": interests}
        rows.append(row.model_copy(update=known | _measured([*metrics.values()], stage)))
    return rows


def _errors(endings: Mapping[int, Ending]) -> str | None:
    told: dict[str, list[str]] = {}
    for seed, ending in endings.items():
        if ending.error is not None:
            told.setdefault(ending.error, []).append(str(seed))
    return "; ".join(f"seed {', '.join(seeds)}: {why}" for why, seeds in told.items()) or None


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


def hardware(runs: Sequence[dict[str, str]]) -> str:
    """Return processor, cores, system, and the devices and threads of runs with these versions."""
    # A run on the CPU names its architecture, which says nothing beside the processor's name.
    devices = sorted({run["device"] for run in runs} - {platform.machine()})
    threads = sorted({run["threads"] for run in runs}, key=int)
    parts = [processor_name(), f"{os.cpu_count()} cores", platform.system(), *devices]
    if threads:
        parts.append(f"{' or '.join(threads)} thread{'' if threads == ['1'] else 's'} a run")
    return ", ".join(parts)


def package_versions(runs: Sequence[dict[str, str]]) -> dict[str, str]:
    """Return the version of Python and each package; several, if runs differ."""
    names = dict.fromkeys(name for run in runs for name in run if name not in _NOT_PACKAGES)
    return {
        name: " or ".join(dict.fromkeys(run[name] for run in runs if name in run)) for name in names
    }

"""Finished runs as a comparison: what a report of them, or a table, is a view of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from recbole_opal.comparison.differences import add_differences
from recbole_opal.comparison.machines import hardware, package_versions
from recbole_opal.comparison.measured import measured_rows
from recbole_opal.comparison.result import ComparisonResult
from recbole_opal.comparison.row import Row
from recbole_opal.comparison.run_files import load_metrics, open_run
from recbole_opal.comparison.same_test import refuse_other_tests
from recbole_opal.errors import SettingsError
from recbole_opal.own_models import name_of
from recbole_opal.runs import RunReader
from recbole_opal.runs.origin import UNIMPORTANT
from recbole_opal.settings.fields import typed

__all__ = ["comparison_of"]

_NOT_A_VARIANT = UNIMPORTANT | {"seed"}


def comparison_of(folders: Sequence[Path], command: str) -> ComparisonResult:
    """Return the comparison of runs of one data set and protocol; nothing is written.

    Runs that differ in their seed alone are one row a stage. Rows of one model are called by the
    settings in which they differ.

    Raises:
        SettingsError: they were not asked the same, or two of them are the same run.
        CheckpointError: one has not finished, or is damaged.
    """
    runs = [open_run(Path(folder)) for folder in folders]
    refuse_other_tests(runs)
    settings = [run.load_yaml("config.yaml") for run in runs]
    metrics = [load_metrics(run) for run in runs]
    versions = [each.versions.model_dump() for each in metrics]
    result = ComparisonResult(
        folder=runs[0].path,
        dataset=str(settings[0]["dataset"]),
        command=command,
        seeds=sorted({each["seed"] for each in settings}),
        metric=str(settings[0]["valid_metric"]).lower(),
        versions=package_versions(versions),
        hardware=hardware(versions),
        own_metrics={name: own for each in metrics for name, own in each.own_metrics.items()},
        rows=_rows(runs, settings),
    )
    add_differences(result)
    return result


def _rows(runs: Sequence[RunReader], settings: Sequence[Mapping[str, Any]]) -> list[Row]:
    groups: dict[str, dict[int, RunReader]] = {}
    variants: dict[str, dict[str, Any]] = {}
    for run, each in zip(runs, settings, strict=True):
        own = {name: value for name, value in each.items() if name not in _NOT_A_VARIANT}
        seeds = groups.setdefault(repr(own), {})
        if each["seed"] in seeds:
            raise SettingsError(
                f"{run.path} and {seeds[each['seed']].path} are runs of the same settings and "
                "seed; name one of them."
            )
        seeds[each["seed"]] = run
        variants[repr(own)] = own
    rows: list[Row] = []
    for key, seeds in groups.items():
        rows += _rows_of_one(dict(sorted(seeds.items())), variants[key], list(variants.values()))
    return rows


def _rows_of_one(
    seeds: Mapping[int, RunReader], own: Mapping[str, Any], every: Sequence[Mapping[str, Any]]
) -> list[Row]:
    """Return the rows of runs that differ in their seeds, one a stage."""
    alike = [each for each in every if each["model"] == own["model"]]
    different = {
        name: value for name, value in own.items() if any(each.get(name) != value for each in alike)
    }
    pairs = [f"{name}={typed(value)}" for name, value in different.items()]
    model = name_of(str(own["model"]))
    row = Row(
        label=" ".join([model, *pairs]),
        variant="@".join([str(own["model"]), *pairs]),
        model=model,
        settings=different,
        runs={str(seed): str(run.path.resolve()) for seed, run in seeds.items()},
    )
    return measured_rows(row, list(seeds.values()))

"""From run folders to rows."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recbole_opal.comparison.execution import Ending
from recbole_opal.comparison.metrics_file import check_metrics
from recbole_opal.comparison.rows import Row, spread
from recbole_opal.comparison.variants import Variant
from recbole_opal.errors import CheckpointError
from recbole_opal.runs import RunReader
from recbole_opal.runs.refusal import quoted, refusing
from recbole_opal.runs.shapes import is_metric, misfit

__all__ = ["COSTS", "FinishedRun", "rows_of"]

_NEW_RUN = "move the run folder away and give the command again"
COSTS = ("train_seconds", "epochs", "test_seconds", "peak_memory", "parameters")


class FinishedRun:
    """What the table needs of a run folder.

    Args:
        path: the run folder.

    Attributes:
        path: see above.
        metrics: the content of metrics.json.
        config: the content of config.yaml.

    Raises:
        CheckpointError: a file is missing or damaged.
    """

    def __init__(self, path: Path) -> None:
        """See the class."""
        self.path = path
        self._folder = RunReader.open(path)
        self.metrics: dict[str, Any] = self._folder.load_json("metrics.json")
        check_metrics(self.metrics, path / "metrics.json")
        self.config = self._folder.load_yaml("config.yaml")
        with refusing(str(path / "ids.json"), "names no users", _NEW_RUN):
            self._tokens = self._folder.load_json("ids.json")[self.config["USER_ID_FIELD"]]
            if not isinstance(self._tokens, list) or {*map(type, self._tokens)} - {str}:
                raise ValueError("no list of texts")

    @property
    def stages(self) -> list[str]:
        """The stages, in the order of training."""
        return list(self.metrics["stages"])

    def costs(self, stage: str) -> dict[str, float | None]:
        """Return what it took; training and epochs include the stages that this one started from.

        Memory and parameters are known of the whole run only.

        Args:
            stage: one of `stages`.
        """
        until = self.stages[: self.stages.index(stage) + 1]
        record = self.metrics["stages"][stage]
        memory = self.metrics["peak_memory"]
        return {
            **{
                name: sum(self.metrics["stages"][each][name] for each in until)
                for name in ("train_seconds", "epochs")
            },
            "test_seconds": record.get("test_seconds"),
            "peak_memory": memory.get("device_bytes", memory["host_bytes"]),
            "parameters": self.metrics["parameters"],
        }

    def is_cut_short(self, stage: str) -> bool:
        """Tell whether a bound ended a stage whose last validation was its best.

        Models that are computed at once have a single epoch and are never cut short.

        Args:
            stage: one of `stages`.
        """
        record = self.metrics["stages"][stage]
        by_time = record["ended"] == "max_train_seconds"
        by_epochs = record["ended"] == "epochs" and record["epochs"] > 1
        return bool((by_time or by_epochs) and record["best_epoch"] == record["epochs"] - 1)

    def users(self, stage: str) -> tuple[list[str], dict[str, NDArray[np.float64]]]:
        """Return the users of the test part and each metric of each of them.

        Args:
            stage: one of `stages`.

        Returns:
            The users' tokens, sorted, and metric to (E,) float64 values in that order.
        """
        name = f"per_user-{stage}-test.npz"
        arrays = self._folder.load_arrays(name)
        wrong = misfit(name, arrays)
        if wrong is None and int(arrays["user_id"].max(initial=0)) >= len(self._tokens):
            wrong = "names users that ids.json does not know"
        if wrong is not None:
            raise CheckpointError(f"{self.path / name} {wrong}; {_NEW_RUN}.")
        tokens = np.array([self._tokens[number] for number in arrays["user_id"]])
        order = np.argsort(tokens)
        metrics = {
            name: values[order].astype(np.float64)
            for name, values in arrays.items()
            if is_metric(name)
        }
        return tokens[order].tolist(), metrics


def rows_of(
    variant: Variant,
    settings: Mapping[str, Any],
    outcomes: Mapping[int, Ending],
    folder: Path,
) -> list[Row]:
    """Return the rows of a variant, one a stage.

    Args:
        variant: whose rows.
        settings: the settings given to it, tuned ones among them.
        outcomes: seed to how its run ended.
        folder: the comparison folder, which paths are told from.
    """
    error = _errors(outcomes)
    done = {
        seed: FinishedRun(outcome.folder)
        for seed, outcome in outcomes.items()
        if outcome.folder is not None
    }
    if not done:
        return [Row(variant.label, variant.text, variant.name, "", settings, error=error)]
    stages = _stages(list(done.values()))
    return [
        _row(variant, settings, stage, len(stages) > 1, done, folder, error) for stage in stages
    ]


def _stages(runs: Sequence[FinishedRun]) -> list[str]:
    """Return the stages of the runs; where the seeds' runs differ, one of them is not ours."""
    first, *others = runs
    for run in others:
        if run.stages != first.stages:
            raise _differs(run, "metrics.json", first, f"the stages {', '.join(run.stages)}")
    return first.stages


def _differs(run: FinishedRun, name: str, first: FinishedRun, what: str) -> CheckpointError:
    return CheckpointError(
        f"{run.path / name} has {quoted(what)}, unlike {first.path}, the run of another seed; move "
        "the one that is not as a run leaves it away and give the command again."
    )


def _errors(outcomes: Mapping[int, Ending]) -> str | None:
    told: dict[str, list[str]] = {}
    for seed, outcome in outcomes.items():
        if outcome.error is not None:
            told.setdefault(outcome.error, []).append(str(seed))
    return "; ".join(f"seed {', '.join(seeds)}: {why}" for why, seeds in told.items()) or None


def _row(
    variant: Variant,
    settings: Mapping[str, Any],
    stage: str,
    several: bool,
    done: Mapping[int, FinishedRun],
    folder: Path,
    error: str | None,
) -> Row:
    runs = list(done.values())
    records = [run.metrics["stages"][stage] for run in runs]
    diagnostics = mean_diagnostics([record.get("diagnostics") for record in records])
    costs = [run.costs(stage) for run in runs]
    row = Row(
        label=f"{variant.label} {stage}" if several else variant.label,
        variant=variant.text,
        model=variant.name,
        stage=stage,
        settings=settings,
        num_interests=(diagnostics or runs[0].config).get("num_interests"),
        runs={str(seed): os.path.relpath(run.path, folder) for seed, run in done.items()},
        error=error,
        costs={name: spread([cost[name] for cost in costs]) for name in COSTS},
        cut_short=sum(run.is_cut_short(stage) for run in runs),
        diagnostics=diagnostics,
        users=_users(runs, stage),
    )
    for part, target in (("valid", row.valid), ("test", row.test)):
        for metric in records[0].get(part, {}):
            value = spread([record.get(part, {}).get(metric) for record in records])
            if value is not None:
                target[metric] = value
    return row


def _users(
    runs: Sequence[FinishedRun], stage: str
) -> tuple[list[str], dict[str, NDArray[np.float64]]]:
    """Stack the seeds' values; users are the same, since seeds do not change the split."""
    read = [run.users(stage) for run in runs]
    tokens, first = read[0]
    for run, (others, _) in zip(runs, read, strict=True):
        if others != tokens:
            raise _differs(run, f"per_user-{stage}-test.npz", runs[0], "other users")
    metrics = [name for name in first if all(name in values for _, values in read)]
    return tokens, {name: np.stack([values[name] for _, values in read]) for name in metrics}


def mean_diagnostics(found: Sequence[Mapping[str, Any] | None]) -> dict[str, Any] | None:
    """Return the diagnostics averaged over the seeds that have them.

    A seed numbers its interests as it likes, so shares (`usage`, `hit_usage`) are put in descending
    order before they are averaged: first the mean share of each seed's most used interest. What no
    seed has is None. A collapse in one seed is a collapse.

    Args:
        found: one a seed, None where a model has none.
    """
    known = [each for each in found if each is not None]
    if not known:
        return None
    return {
        name: _mean([each[name] for each in known if each.get(name) is not None])
        for name in known[0]
    }


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

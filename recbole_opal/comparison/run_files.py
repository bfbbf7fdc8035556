"""What tables and pictures need of run folders, checked as a whole before it is computed with."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import ConfigDict, Field, TypeAdapter, model_validator

from recbole_opal.comparison.row import COSTS, Checked, Diagnostics
from recbole_opal.errors import CheckpointError
from recbole_opal.runs import RunReader
from recbole_opal.runs.origin import Origin
from recbole_opal.runs.refusal import quoted, refusing
from recbole_opal.runs.shapes import misfit

__all__ = [
    "FinishedRun",
    "UserValues",
    "differs",
    "load_arrays",
    "load_metrics",
    "load_training_log",
    "load_user_values",
    "open_run",
]

_NEW_RUN = "move the run folder away and give the command again"
# No measurement comes near the bounds; beyond them means could not be computed.
Number = Annotated[float, Field(allow_inf_nan=False, ge=-1e18, le=1e18)]
Whole = Annotated[int, Field(ge=-1, le=10**15)]
Numbers = dict[str, Number | None]


class _Diagnostics(Diagnostics):
    model_config = ConfigDict(extra="forbid")

    num_interests: Annotated[int, Field(ge=1, le=10**6)]

    @model_validator(mode="after")
    def _one_share_an_interest(self) -> _Diagnostics:
        for shares in (self.usage, self.hit_usage):
            if shares is not None and len(shares) != self.num_interests:
                raise ValueError(f"{len(shares)} shares of {self.num_interests} interests")
        return self


class _Stage(Checked):
    train_seconds: Number
    epochs: Whole
    best_epoch: Whole
    ended: str
    valid: Numbers
    test: Numbers = {}
    score: Number | None = None
    test_seconds: Number | None = None
    diagnostics: _Diagnostics | None = None


class _Memory(Checked):
    host_bytes: Whole
    device_bytes: Whole | None = None


class _Versions(Checked):
    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, str]

    device: str
    threads: Annotated[str, Field(pattern="^[0-9]{1,6}$")]


class _Metrics(Checked):
    stages: Annotated[dict[str, _Stage], Field(min_length=1)]
    best_stage: str
    peak_memory: _Memory
    parameters: Whole
    versions: _Versions

    @model_validator(mode="after")
    def _the_best_is_one_of_them(self) -> _Metrics:
        if self.best_stage not in self.stages:
            raise ValueError("best_stage is none of the stages")
        return self


class _Epoch(Checked):
    """A line of training.jsonl."""

    stage: str
    loss: Numbers | None = None
    valid: Numbers | None = None


_EPOCHS = TypeAdapter(list[_Epoch])


def open_run(path: Path, planned: Collection[str] = ()) -> RunReader:
    """Open a run folder; one that became another run since the table was made is refused.

    Args:
        path: the run folder.
        planned: digests of the settings that the comparison's runs were made from; none: unknown.

    Raises:
        CheckpointError: it is no run folder, or has been continued with other settings.
    """
    try:
        run = RunReader.open(path)
    except OSError as error:
        raise CheckpointError(f"{path} cannot be opened: {error.strerror}.") from error
    if planned and "origin.json" in run.names:
        origin = Origin.from_plain(run.load_json("origin.json"))
        if origin.settings not in planned:
            raise CheckpointError(
                f"{path} has been continued with other settings since the table was made, and is "
                "left out; give the command of the comparison again."
            )
    return run


def load_arrays(run: RunReader, name: str) -> dict[str, NDArray[Any]]:
    """Return an npz file of a run, its shapes checked.

    Raises:
        CheckpointError: it is damaged, or not as a run leaves it.
    """
    arrays = run.load_arrays(name)
    wrong = misfit(name, arrays)
    if wrong is not None:
        raise CheckpointError(f"{run.path / name} {wrong}; {_NEW_RUN}.")
    return arrays


def load_training_log(run: RunReader) -> list[dict[str, Any]]:
    """Return the epochs of training.jsonl, each with `stage`, `loss` and `valid`; [] without one.

    Raises:
        CheckpointError: it is damaged, or something else.
    """
    name = "training.jsonl"
    if name not in run.names:
        return []
    with refusing(str(run.path / name), "is no log of a training", _NEW_RUN):
        return [each.model_dump() for each in _EPOCHS.validate_python(run.load_lines(name))]


def load_metrics(run: RunReader) -> dict[str, Any]:
    """Return a run's metrics.json, in which all that a table needs is there.

    Raises:
        CheckpointError: a part is missing or of a wrong type; the first one is named.
    """
    metrics: dict[str, Any] = run.load_json("metrics.json")
    with refusing(str(run.path / "metrics.json"), "is not as a run leaves it", _NEW_RUN):
        _Metrics.model_validate(metrics)
    return metrics


@dataclass(frozen=True, eq=False)
class UserValues:
    """Metrics of each user of the test part.

    Attributes:
        users: E tokens, sorted.
        metrics: metric to (S, E) float64 values by seed and user.
    """

    users: list[str] = field(default_factory=list)
    metrics: dict[str, NDArray[np.float64]] = field(default_factory=dict)


def load_user_values(runs: Sequence[RunReader], stage: str) -> UserValues:
    """Return the users' metrics of a stage, a seed a run; the seeds share the users.

    Raises:
        CheckpointError: a file is damaged, or a run has other users than the first.
    """
    read = [_user_values(run, stage) for run in runs]
    if not read:
        return UserValues()
    users, first = read[0]
    for run, (others, _) in zip(runs, read, strict=True):
        if others != users:
            raise differs(run.path / f"per_user-{stage}-test.npz", runs[0].path, "other users")
    metrics = [name for name in first if all(name in values for _, values in read)]
    return UserValues(users, {name: np.stack([values[name] for _, values in read])
                              for name in metrics})  # fmt: skip


def _user_values(run: RunReader, stage: str) -> tuple[list[str], dict[str, NDArray[np.float64]]]:
    with refusing(str(run.path / "ids.json"), "names no users", _NEW_RUN):
        tokens = run.load_json("ids.json")[run.load_yaml("config.yaml")["USER_ID_FIELD"]]
        if not isinstance(tokens, list) or {*map(type, tokens)} - {str}:
            raise ValueError("no list of texts")
    name = f"per_user-{stage}-test.npz"
    arrays = load_arrays(run, name)
    if int(arrays["user_id"].max(initial=0)) >= len(tokens):
        wrong = "names users that ids.json does not know"
        raise CheckpointError(f"{run.path / name} {wrong}; {_NEW_RUN}.")
    users = np.array([tokens[number] for number in arrays["user_id"]])
    order = np.argsort(users)
    values = {name: each[order].astype(np.float64) for name, each in arrays.items() if "@" in name}
    return users[order].tolist(), values


def differs(path: Path, first: Path, what: str) -> CheckpointError:
    """Return the error over a run that is unlike that of another seed."""
    return CheckpointError(
        f"{path} has {quoted(what)}, unlike {first}, the run of another seed; move the one that is "
        "not as a run leaves it away and give the command again."
    )


class FinishedRun:
    """A finished run as a table reads it.

    Attributes:
        path: the run folder.
        metrics: the content of metrics.json.
        config: the content of config.yaml.

    Raises:
        CheckpointError: a file is missing or damaged.
    """

    def __init__(self, path: Path) -> None:
        """See the class."""
        self.path = path
        run = RunReader.open(path)
        self.metrics = load_metrics(run)
        self.config = run.load_yaml("config.yaml")

    @property
    def stages(self) -> list[str]:
        """The stages, in the order of training."""
        return list(self.metrics["stages"])

    def costs(self, stage: str) -> dict[str, float | None]:
        """Return what it took; training and epochs include the stages that this one started from.

        Memory and parameters are known of the whole run only.
        """
        until = self.stages[: self.stages.index(stage) + 1]
        stages, memory = self.metrics["stages"], self.metrics["peak_memory"]
        values = (
            sum(stages[each]["train_seconds"] for each in until),
            sum(stages[each]["epochs"] for each in until),
            stages[stage].get("test_seconds"),
            memory.get("device_bytes", memory["host_bytes"]),
            self.metrics["parameters"],
        )
        return dict(zip(COSTS, values, strict=True))

    def is_cut_short(self, stage: str) -> bool:
        """Tell whether a bound ended a stage whose last validation was its best.

        Models that are computed at once have a single epoch and are never cut short.
        """
        record = self.metrics["stages"][stage]
        by_time = record["ended"] == "max_train_seconds"
        by_epochs = record["ended"] == "epochs" and record["epochs"] > 1
        return bool((by_time or by_epochs) and record["best_epoch"] == record["epochs"] - 1)

"""What tables and pictures need of run folders, checked as a whole before it is computed with.

Whatever is missing, damaged or not as a run leaves it is a CheckpointError, one line with the file.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import ConfigDict, Field, TypeAdapter, model_validator

from recbole_opal.comparison.row import COSTS, Checked, Diagnostics, Interests, MetricName
from recbole_opal.errors import CheckpointError, quoted, refusing
from recbole_opal.evaluation.metric import MetricTraits
from recbole_opal.runs import RunReader
from recbole_opal.runs.origin import Origin
from recbole_opal.runs.shapes import is_metric, misfit

_NEW_RUN = "move the run folder away and give the command again"
# Within the bounds of a row, so that sums and means are too.
Number = Annotated[float, Field(allow_inf_nan=False, ge=-1e18, le=1e18)]
Whole = Annotated[int, Field(ge=-1, le=10**15)]
Numbers = dict[MetricName, Number | None]


class _Diagnostics(Diagnostics):
    model_config = ConfigDict(extra="forbid")

    num_interests: Interests

    @model_validator(mode="after")
    def _one_share_an_interest(self) -> _Diagnostics:
        for shares in (self.usage, self.hit_usage):
            if shares is not None and len(shares) != self.num_interests:
                raise ValueError(f"{len(shares)} shares of {self.num_interests} interests")
        return self


class StageMetrics(Checked):
    """What a run's metrics.json tells of a stage."""

    train_seconds: Number
    epochs: Whole
    best_epoch: Whole
    ended: str
    valid: Numbers
    test: Numbers = {}
    score: Number | None = None
    test_seconds: Number | None = None
    user_seconds: Number | None = None
    diagnostics: _Diagnostics | None = None

    @property
    def cut_short(self) -> bool:
        """Whether a bound ended the stage and its last validation was its best.

        Models that are computed at once have a single epoch and are never cut short, nor is a stage
        that ended by its "schedule": with a learning rate of zero it would not have gone further.
        """
        by_epochs = self.ended == "epochs" and self.epochs > 1
        bound = by_epochs or self.ended in ("max_train_seconds", "stage_steps")
        return bound and self.best_epoch == self.epochs - 1


class _Memory(Checked):
    host_bytes: Whole
    device_bytes: Whole | None = None


class _Versions(Checked):
    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, str]

    device: str
    threads: Annotated[str, Field(pattern="^[0-9]{1,6}$")]


class RunMetrics(Checked):
    """What a table needs of a run's metrics.json; the stages are in the order of training."""

    stages: Annotated[dict[str, StageMetrics], Field(min_length=1)]
    best_stage: str
    peak_memory: _Memory
    parameters: Whole
    versions: _Versions
    own_metrics: dict[str, MetricTraits] = {}

    @model_validator(mode="after")
    def _the_best_is_one_of_them(self) -> RunMetrics:
        if self.best_stage not in self.stages:
            raise ValueError("best_stage is none of the stages")
        return self

    def costs(self, stage: str) -> dict[str, float | None]:
        """Return what it took; training and epochs include the stages that this one started from.

        Memory and parameters are known of the whole run only.
        """
        names = list(self.stages)
        until = [self.stages[name] for name in names[: names.index(stage) + 1]]
        times = sum(each.train_seconds for each in until), sum(each.epochs for each in until)
        host, device = self.peak_memory.host_bytes, self.peak_memory.device_bytes
        memory = host if device is None else device
        asked = self.stages[stage]
        values = (*times, asked.test_seconds, asked.user_seconds, memory, self.parameters)
        return dict(zip(COSTS, values, strict=True))


class _Epoch(Checked):
    """A line of training.jsonl."""

    stage: str
    loss: dict[str, Number | None] | None = None
    valid: Numbers | None = None


_EPOCHS, _TOKENS = TypeAdapter(list[_Epoch]), TypeAdapter(list[str])


def open_run(path: Path, planned: Collection[str] = ()) -> RunReader:
    """Open a run folder; of known digests of planned settings, it must be made from one of them."""
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
    """Return an npz file of a run, its shapes checked."""
    arrays = run.load_arrays(name)
    wrong = misfit(name, arrays)
    if wrong is not None:
        raise CheckpointError(f"{run.path / name} {wrong}; {_NEW_RUN}.")
    return arrays


def load_training_log(run: RunReader) -> list[dict[str, Any]]:
    """Return the epochs of training.jsonl, each with stage, loss and valid; [] without a log."""
    name = "training.jsonl"
    if name not in run.names:
        return []
    with refusing(str(run.path / name), "is no log of a training", _NEW_RUN):
        return [each.model_dump() for each in _EPOCHS.validate_python(run.load_lines(name))]


def load_metrics(run: RunReader) -> RunMetrics:
    """Return a run's metrics.json, in which all that a table needs is there, own metrics too."""
    metrics = run.load_json("metrics.json")
    with refusing(str(run.path / "metrics.json"), "is not as a run leaves it", _NEW_RUN):
        return RunMetrics.model_validate(metrics)


@dataclass(frozen=True, eq=False)
class UserValues:
    """E users of the test part, sorted, and metric to (S, E) values by seed and user."""

    users: list[str] = field(default_factory=list)
    metrics: dict[str, NDArray[np.float64]] = field(default_factory=dict)


def load_user_values(runs: Sequence[RunReader], stage: str) -> UserValues:
    """Return the users' metrics of a stage, a seed a run; the seeds share the users."""
    read = [_user_values(run, stage) for run in runs]
    if not read:
        return UserValues()
    users, first = read[0]
    for run, (others, _) in zip(runs, read, strict=True):
        if others != users:
            raise differs(run.path / f"per_user-{stage}-test.npz", runs[0].path, "other users")
    metrics = [name for name in first if all(name in values for _, values in read)]
    stacked = {name: np.stack([values[name] for _, values in read]) for name in metrics}
    return UserValues(users, stacked)


def _user_values(run: RunReader, stage: str) -> tuple[list[str], dict[str, NDArray[np.float64]]]:
    with refusing(str(run.path / "ids.json"), "names no users", _NEW_RUN):
        listed = run.load_json("ids.json")[run.load_yaml("config.yaml")["USER_ID_FIELD"]]
        tokens = _TOKENS.validate_python(listed, strict=True)
    name = f"per_user-{stage}-test.npz"
    arrays = load_arrays(run, name)
    if int(arrays["user_id"].max(initial=0)) >= len(tokens):
        wrong = "names users that ids.json does not know"
        raise CheckpointError(f"{run.path / name} {wrong}; {_NEW_RUN}.")
    users = np.array([tokens[number] for number in arrays["user_id"]])
    order = np.argsort(users)
    values = {name: each[order].astype(float) for name, each in arrays.items() if is_metric(name)}
    return users[order].tolist(), values


def differs(path: Path, first: Path, what: str) -> CheckpointError:
    """Return the error over a run that is unlike that of another seed."""
    return CheckpointError(
        f"{path} has {quoted(what)}, unlike {first}, the run of another seed; move the one that is "
        "not as a run leaves it away and give the command again."
    )

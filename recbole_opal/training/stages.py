"""The training stages: what is known of each, which is best, and how much time each may use."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from time import perf_counter, process_time
from typing import Any

from recbole_opal.distributed.agreement import agreed
from recbole_opal.evaluation.direction import best_of

__all__ = ["StageRecord", "TrainingBudget", "best_stage"]


@dataclass
class StageRecord:
    """The course of one stage.

    Attributes:
        name: the stage.
        best_epoch: epoch of the weights that are kept, counted from 0; -1 for the entry weights.
        epochs: epochs begun; `max_train_seconds` or the schedule may have cut the last one short.
        steps: steps of the optimiser, by which the learning rate moves.
        score: the best value of `valid_metric`.
        valid: all validation metrics at `best_epoch`.
        train_seconds: time in training epochs.
        budget_seconds: the part of it that counts for `max_train_seconds`.
        valid_seconds: time in validation.
        ended: "" while it runs, then what ended it: "stopping_step", "schedule" (the learning rate
            had fallen to zero), "stage_steps", "max_train_seconds" or "epochs".
    """

    name: str
    best_epoch: int = -1
    epochs: int = 0
    steps: int = 0
    score: float = float("nan")
    valid: dict[str, float] = field(default_factory=dict)
    train_seconds: float = 0.0
    budget_seconds: float = 0.0
    valid_seconds: float = 0.0
    ended: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Return the record as plain data."""
        return asdict(self)


def best_stage(records: Mapping[str, StageRecord], *, bigger: bool) -> str:
    """Return the stage with the best validation score; of equals, or without any, the earlier one.

    Source: this project's decision; OPAL's authors always take the last stage.
    """
    best = best_of(records.values(), lambda record: record.score, bigger=bigger)
    return next(iter(records)) if best is None else best.name


class TrainingBudget:
    """How much of `max_train_seconds` a stage may still use, so that models cost the same.

    Counted is training alone, without validation: processor time of this process on the CPU, so
    that other work on the machine does not count, and wall time on a GPU. Each stage has an
    equal share of what the stages before it have left. `seconds` is None for no bound.
    """

    def __init__(self, seconds: float | None, stages: Sequence[str], *, on_gpu: bool) -> None:
        self.seconds, self.stages = seconds, stages
        self._clock = perf_counter if on_gpu else process_time
        self._started = 0.0

    def start(self) -> None:
        """Note the beginning of an epoch."""
        self._started = self._clock()

    def elapsed(self) -> float:
        """Return the counted seconds since `start`; where bounded, of the first process."""
        seconds = self._clock() - self._started
        return seconds if self.seconds is None else agreed(seconds)

    def seconds_left(self, records: Mapping[str, StageRecord], stage: str) -> float:
        """Return the seconds that a stage has left, infinity if unbounded.

        A stage that has not begun has the share that the latest one has: it will be more where
        that one stops early.
        """
        if self.seconds is None:
            return math.inf
        latest = max(records, key=self.stages.index)
        place = self.stages.index(latest)
        earlier = sum(records[name].budget_seconds for name in self.stages[:place])
        share = (self.seconds - earlier) / (len(self.stages) - place)
        used = records[stage].budget_seconds if stage == latest else 0.0
        return max(0.0, share - used)

    def spent_share(
        self, records: Mapping[str, StageRecord], stage: str, running: float = 0.0
    ) -> float:
        """Return which part of its share a stage has used; 1 and more is all, 0 if unbounded.

        `running` are seconds that are not yet in its record.
        """
        if self.seconds is None:
            return 0.0
        place = self.stages.index(stage)
        earlier = sum(records[name].budget_seconds for name in self.stages[:place])
        share = (self.seconds - earlier) / (len(self.stages) - place)
        return (records[stage].budget_seconds + running) / share if share > 0 else 1.0

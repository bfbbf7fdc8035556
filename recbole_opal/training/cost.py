"""What is left of a run, in seconds: an upper bound, by what its epochs have taken so far."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from recbole_opal.console.durations import duration

if TYPE_CHECKING:
    from recbole_opal.training.loop import TrainingLoop

__all__ = ["CostLeft", "cost_left"]


@dataclass(frozen=True)
class CostLeft:
    """Seconds that a run may still take, were no stage to stop early.

    Attributes:
        spent: seconds of training and validation so far, earlier sessions included.
        stages: by stage the seconds left, validations included; what is over has none.
        test: seconds of the evaluation at the end.
        factors: of stages without a step so far how much longer their steps are taken to be.
    """

    spent: float
    stages: Mapping[str, float]
    test: float
    factors: Mapping[str, float] = field(default_factory=dict)

    @property
    def seconds(self) -> float:
        """All that is left."""
        return sum(self.stages.values()) + self.test

    def after(self, running: float) -> tuple[float, float]:
        """Return the part of the run that is over, in [0, 1], and the seconds left, later on.

        Args:
            running: seconds of training since this was reckoned, which may be more than was left.
        """
        passed, whole = min(running, self.seconds), self.spent + self.seconds
        done = (self.spent + passed) / whole if whole > 0 else 0.0
        return done, self.seconds - passed

    def told(self, now: datetime) -> str:
        """Return it as a sentence, with the time of day at which it is over."""
        end = now + timedelta(seconds=self.seconds)
        day = "" if end.date() == now.date() else f"{end:%Y-%m-%d} "
        parts = [f"{stage} {duration(left)}{self._guess(stage)}"
                 for stage, left in self.stages.items() if left > 0]  # fmt: skip
        parts += [f"test {duration(self.test)}"] if self.test else []
        return (
            f"cost: at most {duration(self.seconds)} more, until {day}{end:%H:%M} "
            f"({', '.join(parts)}); less where a stage stops early"
        )

    def _guess(self, stage: str) -> str:
        factor = self.factors.get(stage)
        return "" if factor is None else f" if its steps take {factor:g} times as long"


def cost_left(loop: TrainingLoop) -> CostLeft:
    """Return what is left of a run whose first epoch is over, between two epochs.

    A stage goes on to its last step by schedule and epochs, or to the end of its time, and a step
    takes what those of the stage took on average. What no step of a stage has shown is taken from
    the stage before, by the model's `stage_costs`.

    Args:
        loop: it has its `batches`.
    """
    record, place = loop.record, loop.stages.index(loop.stage)
    step, shown_by = _step_seconds(loop)
    validation = next(
        (row["valid_seconds"] for row in reversed(loop.history) if "valid_seconds" in row), 0.0
    )
    left, factors = {}, {}
    for stage in loop.stages[place:]:
        begun, factor = stage == loop.stage, _factor(loop, stage, shown_by)
        taken = record.steps if begun else 0
        steps = max(0, loop.schedules[stage].last(loop.epochs, len(loop.batches)) - taken)
        seconds = min(steps * step * factor, loop.budget.seconds_left(loop.records, stage))
        validations = math.ceil(steps / (len(loop.batches) * loop.eval_step)) + (not begun)
        over = begun and bool(record.ended)
        left[stage] = 0.0 if over else seconds + validations * validation
        if stage != shown_by:
            factors[stage] = factor
    spent = sum(each.train_seconds + each.valid_seconds for each in loop.records.values())
    test = len(loop.stages) * validation if loop.settings["test_at_end"] else 0.0
    return CostLeft(spent, left, test, factors)


def _step_seconds(loop: TrainingLoop) -> tuple[float, str]:
    """Return the mean seconds of a step, and the stage it is of: the latest that has had any."""
    for stage in reversed(loop.records):
        record = loop.records[stage]
        if record.steps:
            return record.train_seconds / record.steps, stage
    return 0.0, loop.stage


def _factor(loop: TrainingLoop, stage: str, shown_by: str) -> float:
    """Return how much longer a step of a stage takes than one of another, by the model."""
    costs: Mapping[str, float] = getattr(loop.model, "stage_costs", {})
    return costs.get(stage, 1.0) / costs.get(shown_by, 1.0)

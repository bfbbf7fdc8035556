"""The learning rate of each step of a stage: a warm-up, then constant or falling to zero."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from logging import getLogger
from typing import Any

__all__ = ["RateSchedule"]

_FALLS: dict[str, Callable[[float], float]] = {
    "linear": lambda share: 1.0 - share,
    "cosine": lambda share: (1.0 + math.cos(math.pi * share)) / 2,
}

_USUAL_STEPS = 500
_USUAL_EPOCHS = 5
"""A stage whose rate falls has so many, whichever takes longer: small data need many epochs, large
data must be seen more than once."""


@dataclass(frozen=True)
class RateSchedule:
    """How the learning rate moves in a stage; each stage begins it anew.

    The n-th step of the warm-up takes n / `warmup_steps` of the rate: 0 is where it comes from, and
    no step is wasted on it. Then the rate stays, or falls to zero at the horizon, which ends the
    stage: after `steps` steps, or where the bounds on epochs or time end the stage if that is
    sooner. What is gone of the schedule is the larger of two shares, of the horizon's steps and of
    the stage's time. So a bound on time squeezes the fall, but not the warm-up; as long as the
    steps are ahead of the clock, they alone decide, and a run is the same bit by bit.

    Early stopping counts validations at any rate. At a high one they gain little, and most is
    gained at the end, so `stopping_step` must grow with the schedule: on ml-100k (a seed), with a
    validation every 10 of 600 steps, 5 ends OPAL's soft stage too early, by .005 to .007 of its
    validation Recall@50, and 10 does not.

    Attributes:
        rate: what the warm-up leads to, `learning_rate` times the stage's factor in `stage_rates`.
        kind: "constant", "linear" or "cosine", the form of the fall.
        warmup_steps: steps of the warm-up, 0 or more.
        steps: most steps of the stage; None: where the rate falls, the larger of 500 and those
            of 5 epochs, else as many as the epochs have.

    Source: this project's trials; the cosine is that of Loshchilov and Hutter (arXiv 1608.03983).
    """

    rate: float
    kind: str = "constant"
    warmup_steps: int = 0
    steps: int | None = None

    @classmethod
    def of(cls, settings: Any, stage: str) -> RateSchedule:
        """Return the schedule that the settings of a run ask for in a stage.

        The steps are those of `stage_steps`; of stages that it does not name, and whose rate falls,
        `schedule_steps`.
        """
        kind = settings["learning_rate_schedule"]
        steps: Mapping[str, int] = settings["stage_steps"] or {}
        factors: Mapping[str, float] = settings["stage_rates"] or {}
        return cls(
            settings["learning_rate"] * factors.get(stage, 1.0),
            kind,
            settings["warmup_steps"],
            steps.get(stage, None if kind == "constant" else settings["schedule_steps"]),
        )

    def last(self, epochs: int, epoch_steps: int) -> int:
        """Return the steps after which a stage of so many epochs at most is over."""
        steps = self.steps
        if steps is None and self.kind != "constant":
            steps = max(_USUAL_STEPS, _USUAL_EPOCHS * epoch_steps)
        return epochs * epoch_steps if steps is None else min(steps, epochs * epoch_steps)

    def horizon(self, epochs: int, epoch_steps: int) -> int | None:
        """Return the steps after which the rate is zero; None: it never falls.

        Args:
            epochs: the most that the stage may have.
            epoch_steps: steps of an epoch.
        """
        return None if self.kind == "constant" else self.last(epochs, epoch_steps)

    def at(self, taken: int, horizon: int | None, time_share: float = 0.0) -> float:
        """Return the rate of the next step.

        Args:
            taken: steps that the stage has had.
            horizon: see `horizon`.
            time_share: spent part of the stage's time, in [0, inf); 0 if there is no bound on it.
        """
        warmed = min((taken + 1) / self.warmup_steps, 1.0) if self.warmup_steps else 1.0
        if horizon is None:
            return self.rate * warmed
        gone = max(float(taken), min(time_share, 1.0) * horizon)
        if gone <= self.warmup_steps:
            return self.rate * warmed
        fallen = (gone - self.warmup_steps) / (horizon - self.warmup_steps)
        return self.rate * min(warmed, _FALLS[self.kind](fallen))

    def warn_of_warmup(self, epochs: int, epoch_steps: int) -> None:
        """Log it where a stage of so many epochs is over before the warm-up is."""
        bound = self.last(epochs, epoch_steps)
        if self.warmup_steps >= bound:
            getLogger("recbole_opal").warning(
                "--warmup_steps=%s takes all of the %s steps that a stage has, so that its "
                "learning rate does not get past %s * %s/%s; lower --warmup_steps, or allow more "
                "steps",
                *(self.warmup_steps, bound, self.rate, bound, self.warmup_steps),
            )

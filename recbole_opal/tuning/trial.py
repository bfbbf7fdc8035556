"""What is tuned, what one trial is, and what comes out."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, TypedDict

__all__ = ["TunableVariant", "Tuned", "TunedTrial"]


class TunableVariant(Protocol):
    """What tuning must know of a variant, which is a model with settings of its own."""

    @property
    def model(self) -> str:
        """The model's class name."""

    @property
    def label(self) -> str:
        """The name of its row in the table, as `OPAL num_interests=8`."""

    @property
    def settings(self) -> Mapping[str, Any]:
        """Every setting that the user gave for it, in whatever way; none is searched over."""

    @property
    def digest(self) -> str:
        """Changes with all that makes old trials worthless: data, `settings`, seed, versions."""


class TunedTrial(TypedDict):
    """One tried combination.

    Attributes:
        settings: the values of the searched settings.
        score: validation metric; None if the trial failed.
        seconds: wall time.
        state: done or failed. A trial that was cut off is not kept: it is tried again.
        reason: why it failed, else None.
    """

    settings: dict[str, Any]
    score: float | None
    seconds: float
    state: Literal["done", "failed"]
    reason: str | None


@dataclass(frozen=True)
class Tuned:
    """The outcome of a search.

    Attributes:
        settings: the best values of the searched settings; the first found wins a tie, so that
            the defaults stay if nothing is better.
        score: their validation metric.
        trials: every trial, in order; the first is the defaults.
        space: what was searched, as in the yaml file.
    """

    settings: dict[str, Any]
    score: float
    trials: list[TunedTrial]
    space: dict[str, dict[str, Any]] = field(default_factory=dict)

    @property
    def default_score(self) -> float | None:
        """The validation metric of the defaults; None if they failed."""
        return self.trials[0]["score"]

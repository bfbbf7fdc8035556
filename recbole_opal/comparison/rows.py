"""A row of the table: one stage of one variant, over its seeds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

__all__ = ["Row", "Spread", "spread"]


@dataclass(frozen=True)
class Spread:
    """A number over seeds.

    Attributes:
        mean: over seeds.
        sd: sample standard deviation (divided by n - 1), None for a single seed.
        values: by seed, in the order of the seeds.
    """

    mean: float
    sd: float | None
    values: list[float]

    def as_plain(self) -> dict[str, Any]:
        """Return it as plain data."""
        return {"mean": self.mean, "sd": self.sd, "values": self.values}


def spread(values: Sequence[float | None]) -> Spread | None:
    """Return mean and spread of a number over seeds; None if a seed has none.

    Args:
        values: one a seed.
    """
    known = [float(value) for value in values if value is not None and np.isfinite(value)]
    if not known or len(known) != len(values):
        return None
    deviation = float(np.std(known, ddof=1)) if len(known) > 1 else None
    return Spread(float(np.mean(known)), deviation, known)


@dataclass
class Row:
    """One stage of one variant, over its seeds.

    Attributes:
        label: unique in the table, as `OPAL num_interests=8 soft`.
        variant: as it was typed, `OPAL@num_interests=8`.
        model: the model's name.
        stage: the stage, empty where nothing was trained.
        settings: those given to this variant, tuned ones among them.
        num_interests: interests a user, None for a model without.
        runs: seed to the run folder, relative to the comparison folder.
        error: why runs failed, in one line; None if none did.
        valid: metric to its spread, on validation.
        test: the same on test.
        costs: `train_seconds` and `epochs`, those of earlier stages included; `test_seconds`;
            `peak_memory` (bytes) and `parameters` of the whole run.
        cut_short: number of runs that a bound on time or epochs ended at their best validation so
            far: with more training they might be better.
        diagnostics: of the interests, averaged over seeds; shares in descending order, not by
            the number of the interest.
        users: user tokens of the test part and metric to an (S, E) float64 array by seed and user.
        against_best: metric to the difference to the best row on validation.
        against_opal: the same to OPAL's best row; None without OPAL.
    """

    label: str
    variant: str
    model: str
    stage: str
    settings: Mapping[str, Any]
    num_interests: int | None = None
    runs: dict[str, str] = field(default_factory=dict)
    error: str | None = None
    valid: dict[str, Spread] = field(default_factory=dict)
    test: dict[str, Spread] = field(default_factory=dict)
    costs: dict[str, Spread | None] = field(default_factory=dict)
    cut_short: int = 0
    diagnostics: dict[str, Any] | None = None
    users: tuple[list[str], dict[str, Any]] = field(default_factory=lambda: ([], {}))
    against_best: dict[str, dict[str, Any]] = field(default_factory=dict)
    against_opal: dict[str, dict[str, Any]] | None = None

    @property
    def measured(self) -> bool:
        """Whether at least one run is done."""
        return bool(self.test)

    def as_plain(self) -> dict[str, Any]:
        """Return the row as comparison.json holds it."""
        return {
            "label": self.label,
            "variant": self.variant,
            "model": self.model,
            "stage": self.stage,
            "settings": dict(self.settings),
            "num_interests": self.num_interests,
            "runs": self.runs,
            "error": self.error,
            "valid": {name: value.as_plain() for name, value in self.valid.items()},
            "test": {name: value.as_plain() for name, value in self.test.items()},
            **{name: value and value.as_plain() for name, value in self.costs.items()},
            "cut_short": self.cut_short,
            "diagnostics": self.diagnostics,
            "against_best": self.against_best,
            "against_opal": self.against_opal,
        }

"""What a comparison is: rows with values over seeds, and differences between them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from recbole_opal.evaluation.cutoff import longest_cut_off
from recbole_opal.evaluation.direction import best_of, bigger_is_better, sign_of

__all__ = ["Comparison", "Difference", "Family", "Row", "Value"]

Family = Literal["opal", "multi", "single"]


@dataclass(frozen=True)
class Value:
    """A number over the seeds.

    Attributes:
        mean: over the seeds.
        sd: its standard deviation; None with one seed.
        values: one a seed.
    """

    mean: float
    sd: float | None
    values: tuple[float, ...]


@dataclass(frozen=True)
class Difference:
    """A paired difference of a row to another: positive where the row is higher.

    Attributes:
        difference: mean over users.
        low: lower end of the 95 % interval.
        high: upper end.
        effect_size: d_z, the mean difference in standard deviations of the users' differences.
        p_adjusted: corrected over the table.
        marked: whether the table marks it.
    """

    difference: float
    low: float
    high: float
    effect_size: float | None = None
    p_adjusted: float | None = None
    marked: bool = False

    @property
    def excludes_zero(self) -> bool:
        """Whether the interval lies on one side of 0."""
        return self.low > 0 or self.high < 0


@dataclass(frozen=True)
class Row:
    """One line of the comparison: a variant of a model in one of its stages.

    Attributes:
        label: its name in the table.
        variant: the variant; two stages of it share their runs.
        model: the model.
        stage: the stage.
        settings: those given to this variant.
        num_interests: K, or None.
        runs: run folder of each seed.
        error: why it failed, or None.
        valid: validation metrics.
        test: test metrics.
        costs: train_seconds, epochs, test_seconds, peak_memory, parameters.
        cut_short: number of runs that a bound ended at their best validation so far.
        diagnostics: of the interests, or None.
        against_best: differences to the best row, by metric.
        against_opal: differences to OPAL, by metric.
    """

    label: str
    variant: str
    model: str
    stage: str
    settings: dict[str, Any] = field(default_factory=dict)
    num_interests: int | None = None
    runs: dict[str, Path] = field(default_factory=dict)
    error: str | None = None
    valid: dict[str, Value] = field(default_factory=dict)
    test: dict[str, Value] = field(default_factory=dict)
    costs: dict[str, Value] = field(default_factory=dict)
    cut_short: int = 0
    diagnostics: dict[str, Any] | None = None
    against_best: dict[str, Difference] = field(default_factory=dict)
    against_opal: dict[str, Difference] = field(default_factory=dict)

    @property
    def family(self) -> Family:
        """OPAL, another model of several interests, or a model of one score."""
        if self.model == "OPAL":
            return "opal"
        return "multi" if self.interests > 1 else "single"

    @property
    def interests(self) -> int:
        """K, 1 for a model without interests."""
        return int(self.num_interests or (self.diagnostics or {}).get("num_interests") or 1)

    @property
    def options(self) -> tuple[str, ...]:
        """What sets the variant apart from its model, `num_interests` left out.

        Taken from how the variant was typed: `settings` also holds what tuning found, which may
        differ for each number of interests.
        """
        typed = self.variant.split("@")[1:]
        return tuple(option for option in typed if not option.startswith("num_interests="))

    @property
    def short(self) -> str:
        """The label as pictures have it: `OPAL K=8 hard`."""
        return self.label.replace("num_interests=", "K=")


@dataclass(frozen=True)
class Comparison:
    """A whole comparison.

    Attributes:
        folder: where it lies.
        dataset: its data set.
        command: what was typed.
        metric: the validation metric, lower case, as `recall@50`.
        seeds: as in the command.
        hardware: what it ran on.
        versions: of the libraries.
        tuning: trials, spaces and settings found, or None.
        rows: in the order of the table.
    """

    folder: Path
    dataset: str
    command: str
    metric: str
    seeds: tuple[str, ...]
    hardware: str
    versions: dict[str, str]
    tuning: dict[str, Any] | None
    rows: tuple[Row, ...]

    @property
    def done(self) -> tuple[Row, ...]:
        """The rows that have the main metric on the test part, best first."""
        scored = [row for row in self.rows if self.metric in row.test]
        sign = sign_of(self.metric)
        return tuple(sorted(scored, key=lambda row: -sign * row.test[self.metric].mean))

    @property
    def best(self) -> Row | None:
        """The row that is best on validation; the others are tested against it."""
        return self._best(self.rows)

    @property
    def opal(self) -> Row | None:
        """OPAL's best row on validation, which the others are tested against too."""
        return self._best([row for row in self.rows if row.family == "opal"])

    @property
    def failed(self) -> tuple[Row, ...]:
        """The rows of which a run failed, or that have no result."""
        return tuple(r for r in self.rows if r.error is not None or self.metric not in r.test)

    @property
    def k(self) -> int:
        """The length of the lists of the main metric; where it has none, the largest measured."""
        measured = (name for row in self.rows for name in row.test)
        return longest_cut_off(self.metric, measured) or 0

    def by_validation(self, row: Row) -> float:
        """Return how good a row is on validation, for choices that must not look at the test.

        Larger is better whatever the metric; a row without a value is worse than any other.
        """
        value = row.valid.get(self.metric)
        return sign_of(self.metric) * value.mean if value else -math.inf

    def _best(self, rows: Sequence[Row]) -> Row | None:
        """Choose as the tables do: of equals the first row of the table."""
        valid = [row for row in rows if self.metric in row.valid]
        bigger = bigger_is_better(self.metric)
        return best_of(valid, lambda row: row.valid[self.metric].mean, bigger=bigger)

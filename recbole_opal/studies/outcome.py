"""What the comparisons of a study measured, as its sentences, pictures and tables ask for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from recbole_opal.comparison.differences import paired_over_users
from recbole_opal.comparison.result import ComparisonResult
from recbole_opal.comparison.row import Difference, Row
from recbole_opal.side_by_side.variants import Variant

__all__ = ["Outcome", "Pair", "label_of"]


def label_of(row: Row) -> str:
    """Return the label of the variant that a row is a stage of."""
    return row.label.removesuffix(f" {row.stage}") if row.stage else row.label


@dataclass(frozen=True)
class Pair:
    """A row less its reference, by metric: paired over users, Holm's method over all pairs."""

    row: Row
    reference: Row
    differences: Mapping[str, Difference]


@dataclass(frozen=True, eq=False)
class Outcome:
    """The results of a study's comparisons.

    Attributes:
        options: the study's own flags, an instance of its `Options`.
        results: by the name of the part, the main one first.
    """

    options: Any
    results: Mapping[str, ComparisonResult]
    _tested: dict[Any, list[Pair]] = field(default_factory=dict, repr=False, compare=False)

    @property
    def main(self) -> ComparisonResult:
        """The first comparison."""
        return next(iter(self.results.values()))

    @property
    def metric(self) -> str:
        """The metric that decides on validation, in lower case, as `recall@50`."""
        return self.main.metric

    def at_length(self, *names: str) -> list[str]:
        """Return those of the metrics that were measured, at the length of the lists."""
        wanted = [f"{name}@{self.main.k}" for name in names]
        known = {name for row in self._every for name in row.test}
        return [name for name in dict.fromkeys(wanted) if name in known]

    @property
    def measured(self) -> bool:
        """Whether a run of any part is done."""
        return bool(self._every)

    def rows(self, part: str | None = None) -> list[Row]:
        """Return the rows of a part (None: the main one) that were measured, as they were asked."""
        result = self.main if part is None else self.results[part]
        return [row for row in result.rows if row.measured]

    def row(self, variant: Variant, stage: str, part: str | None = None) -> Row | None:
        """Return a variant's row of a stage, None if it failed."""
        # By labels: a class of the user's has another address in the row than it was typed.
        wanted = (variant.label, stage)
        return next((r for r in self.rows(part) if (label_of(r), r.stage) == wanted), None)

    @cached_property
    def stages(self) -> list[str]:
        """The stages that OPAL's rows have, in their order; without OPAL those of all rows."""
        rows = [row for row in self._every if row.model == "OPAL"] or self._every
        return list(dict.fromkeys(row.stage for row in rows))

    def pairs(self, pairs: Sequence[tuple[Row, Row]], part: str | None = None) -> list[Pair]:
        """Test rows of a part against their references, all together and only once.

        Ask for all that a study shows at once, and look up what a sentence needs: drawing the
        users again is what takes the time, and Holm's method corrects over what is asked.
        """
        asked = part, tuple((row.label, reference.label) for row, reference in pairs)
        if asked not in self._tested:
            result = self.main if part is None else self.results[part]
            tested = paired_over_users(result, pairs)
            self._tested[asked] = [
                Pair(*pair, told) for pair, told in zip(pairs, tested, strict=True)
            ]
        return self._tested[asked]

    @property
    def _every(self) -> list[Row]:
        return [row for part in self.results for row in self.rows(part)]

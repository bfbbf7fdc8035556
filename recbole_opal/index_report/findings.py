"""What was measured of a run's items, and in words what it means."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from recbole_opal.index_report.advice import advice
from recbole_opal.index_report.measuring import Measured

__all__ = ["Findings"]


@dataclass(frozen=True)
class Findings:
    """All searches over one catalogue, for the same users.

    Attributes:
        setup: what was measured on what, in a sentence.
        exact: our exact search.
        found: all others, kind by kind, each from the fastest on.
        items: number of them.
        width: of their vectors.
        k: length of the lists.
        problems: why a kind could not be measured, a line each.
    """

    setup: str
    exact: Measured
    found: Sequence[Measured]
    items: int
    width: int
    k: int
    problems: Sequence[str] = field(default=())

    @property
    def every(self) -> list[Measured]:
        """The exact search and all others."""
        return [self.exact, *self.found]

    @property
    def advice(self) -> str:
        """What to use."""
        return advice(self.exact, self.found, self.k, self.items)

    @property
    def how_to_read(self) -> str:
        """What the columns mean."""
        return (
            "Recall is that of the merged list against the exact one, seen items left out. All but "
            f"the exact search keep the item vectors, {4 * self.width} bytes an item, beside their "
            "index."
        )

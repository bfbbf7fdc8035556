"""What was measured of a run's items, and in words what it means."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from recbole_opal.index_report.measuring import Measured
from recbole_opal.settings.fields import typed

__all__ = ["RECALL_WANTED", "Findings"]

RECALL_WANTED = 0.95
_WORTH = 1.5
"""How many times as fast a search must be, to be worth an index beside the item vectors."""


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
    problems: Sequence[str] = ()

    @property
    def every(self) -> list[Measured]:
        """The exact search and all others."""
        return [self.exact, *self.found]

    @property
    def fastest(self) -> Measured | None:
        """The fastest search with enough recall, of equals the one of fewer bytes."""
        good = [each for each in self.found if each.recall >= RECALL_WANTED]
        return min(good, key=lambda each: (each.milliseconds, each.bytes_per_item), default=None)

    @property
    def advice(self) -> str:
        """Which search is worth its loss, and the flags that ask for it, ready to be pasted."""
        exact, best = self.exact, self.fastest
        if not self.found:
            return (
                f"No other search fits {self.items:,} items: keep the exact one, {_flags(exact)}."
            )
        if best is None:
            top = max(self.found, key=lambda each: each.recall)
            return (
                f"No search reaches a recall@{self.k} of {RECALL_WANTED}: {top.name} comes closest "
                f"with {top.recall:.4f}. Keep the exact search, {_flags(exact)}."
            )
        times = exact.milliseconds / best.milliseconds
        if times < _WORTH:
            return (
                f"Keep the exact search, {_flags(exact)}: at {self.items:,} items it takes "
                f"{exact.milliseconds:.4g} ms a user, and the fastest other with a recall@{self.k} "
                f"of at least {RECALL_WANTED}, {best.name}, {best.milliseconds:.4g} ms. An index "
                "pays for larger catalogues."
            )
        return (
            f"{best.name} is the fastest search with a recall@{self.k} of at least "
            f"{RECALL_WANTED}: {best.milliseconds:.4g} ms a user at recall {best.recall:.4f}, "
            f"{times:.1f} times as fast as the exact one ({exact.milliseconds:.4g} ms), with "
            f"{best.bytes_per_item:.1f} bytes an item: {_flags(best)}"
        )

    @property
    def how_to_read(self) -> str:
        """What the columns mean."""
        return (
            "Recall is that of the merged list against the exact one, seen items left out. All but "
            f"the exact search keep the item vectors, {4 * self.width} bytes an item, beside their "
            "index."
        )


def _flags(chosen: Measured) -> str:
    settings = f" --retrieval_args={typed(dict(chosen.settings))}" if chosen.settings else ""
    return f"--retrieval={chosen.kind}{settings}"

"""Why an item stands in a user's list, as plain values."""

from __future__ import annotations

from dataclasses import dataclass
from math import isnan
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Explanation", "HistoryItem"]


@dataclass(frozen=True)
class HistoryItem:
    """An item of a history beside the item that is explained.

    Attributes:
        item: its raw id.
        ago: how many items the history goes on after it; the newest has 0.
        similarity: to the explained item, as `Recommender.similar_items` measures it.
        interest: the interest that it belongs to.
    """

    item: str
    ago: int
    similarity: float
    interest: int


@dataclass(frozen=True, repr=False)
class Explanation:
    """Why an item stands where it stands for a history.

    Attributes:
        item: its raw id.
        score: the largest of the interests' scores, or the soft maximum that the model serves by.
        rank: its place among all items that are not in the history, from 1; None: it is in it.
        interest: the interest whose score is the largest.
        interest_scores: (K,) its score under each, with the interest's prior where the model has
            one; NaN: the history has no such interest.
        interest_parts: (K,) what each brings to the score, sum 1: of a maximum one brings all, of
            a soft one each its term of the sum of exponentials; NaN as above.
        interest_shares: (K,) the share of the history that each interest stands for, sum 1.
        nearest: the items of the history that are most like it, the most alike first.
    """

    item: str
    score: float
    rank: int | None
    interest: int
    interest_scores: tuple[float, ...]
    interest_parts: tuple[float, ...]
    interest_shares: tuple[float, ...]
    nearest: tuple[HistoryItem, ...]

    @property
    def share(self) -> float:
        """The share of the history that the interest that retrieves the item stands for."""
        return self.interest_shares[self.interest]

    @property
    def part(self) -> float:
        """What the interest that retrieves the item brings to its score, in (0, 1]."""
        return self.interest_parts[self.interest]

    def to_frame(self) -> pd.DataFrame:
        """Return the nearest items as rows: item, history_item, ago, similarity, interest."""
        import pandas as pd  # only now: a service answers without it

        return pd.DataFrame(
            [
                (self.item, each.item, each.ago, each.similarity, each.interest)
                for each in self.nearest
            ],
            columns=["item", "history_item", "ago", "similarity", "interest"],
        )

    def __repr__(self) -> str:
        """Return it as lines to read."""
        place = "in the history itself" if self.rank is None else f"rank {self.rank}"
        part = "" if self.part == 1 else f" ({self.part:.0%} of its score)"
        lines = [
            f"item {self.item}: score {self.score:.4f}, {place}; retrieved by interest "
            f"{self.interest}{part}, which stands for {self.share:.0%} of the history",
            "  interest      score   part  share",
        ]
        rows = zip(self.interest_scores, self.interest_parts, self.interest_shares, strict=True)
        for number, (score, brought, share) in enumerate(rows):
            told = "not in use      -" if isnan(score) else f"{score:10.4f} {brought:>6.0%}"
            lines.append(f"  {number:>8} {told} {share:>6.0%}")
        lines.append("  nearest in the history")
        lines += [
            f"    {each.item}: similarity {each.similarity:.4f}, interest {each.interest}, "
            + ("the newest" if each.ago == 0 else f"{each.ago} items before the newest")
            for each in self.nearest
        ]
        return "\n".join(lines)

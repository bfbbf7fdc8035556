"""Which candidates share a category, told without looking at all pairs."""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce
from operator import or_

import numpy as np
import numpy.typing as npt

from recbole_opal.statistics.bit_sets import bit_sets

__all__ = ["Alikeness"]

IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Alikeness:
    """The categories of (B, C) candidates, so laid out that few comparisons tell who shares one.

    As in `evaluation.diversity`: two items are alike if they share a category; an item without one
    is alike to none.

    Attributes:
        words: (W, B, C) int64, sets of categories as bits; or (T, B, C), categories, 0 = none.
        bits: which of the two.
    """

    words: IntArray
    bits: bool

    @classmethod
    def of(cls, categories: IntArray) -> Alikeness:
        """Lay out the (B, C, T) categories of candidates, 0 = none, in the cheaper way."""
        most = categories.shape[2]
        if most * most <= int(categories.max(initial=0)) // 62:
            return cls(np.ascontiguousarray(np.moveaxis(categories, 2, 0)), bits=False)
        words = bit_sets(categories.reshape(-1, most))  # (B C, W)
        return cls(np.ascontiguousarray(words.T).reshape(-1, *categories.shape[:2]), bits=True)

    def to_chosen(self, rows: IntArray, columns: IntArray) -> npt.NDArray[np.bool_]:
        """Return (B, C) bool, which candidates are alike to the one in each row's column, (B,)."""
        chosen = self.words[:, rows, columns][:, :, None]  # (W, B, 1)
        alike: npt.NDArray[np.bool_]
        if self.bits:
            pairs = zip(self.words, chosen, strict=True)
            alike = reduce(or_, (own & one for own, one in pairs)) != 0
        else:
            alike = reduce(or_, ((x == y) & (y > 0) for x in self.words for y in chosen))
        return alike

"""The categories of items."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from recbole_opal.data.user_sequences import IntArray, starts_of

__all__ = ["ItemCategories"]


@dataclass(frozen=True)
class ItemCategories:
    """Which item has which categories, as distinct pairs ordered by item.

    Attributes:
        items: `(P,)` int64 internal item ids, at least 1.
        categories: `(P,)` int64 internal category ids, at least 1.
        names: token of each category id; 0 is "[PAD]".
    """

    items: IntArray
    categories: IntArray
    names: list[str]

    def table(self, num_items: int) -> IntArray:
        """Return the categories of all N items with the padding, `(N, most of one)`, 0: none."""
        counts = np.bincount(self.items, minlength=num_items)
        table = np.zeros((num_items, max(int(counts.max(initial=0)), 1)), dtype=np.int64)
        places = np.arange(len(self.items)) - starts_of(counts)[self.items]
        table[self.items, places] = self.categories
        return table

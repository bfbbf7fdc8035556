"""The categories of all items as one array, from distinct (item, category) pairs."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

__all__ = ["category_table"]

IntArray = npt.NDArray[np.int64]


def category_table(items: IntArray, categories: IntArray, num_items: int) -> IntArray:
    """Return the categories of all N items with the padding, (N, most of one), 0: none.

    Of (P,) item ids, ascending, and the (P,) category ids beside them, both at least 1.
    """
    counts = np.bincount(items, minlength=num_items)
    table = np.zeros((num_items, max(int(counts.max(initial=0)), 1)), dtype=np.int64)
    places = np.arange(len(items)) - (np.cumsum(counts) - counts)[items]
    table[items, places] = categories
    return table

"""How many categories a list mixes.

Source: Y. Cen et al., Controllable multi-interest framework for recommendation (ComiRec), KDD 2020,
section 4.4, equation for Diversity@N, where an item has one category.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from recbole_opal.statistics.bit_sets import bit_sets

__all__ = ["category_diversity"]

IntArray = npt.NDArray[np.int64]

_CHUNK_PAIRS = 2**22
"""Pairs looked at together: two boolean arrays of this size, 8 MiB."""


def category_diversity(
    items: npt.NDArray[np.int32], categories: npt.NDArray[np.int64], topk: Sequence[int]
) -> dict[str, npt.NDArray[np.float64]]:
    """Return `category_diversity@k` of (E, k) lists to (E,) in [0, 1], from (N, T) categories.

    It is the share of a list's pairs of items that share no category. An item without one is left
    out; a list with fewer than two others is NaN. The work is `E k^2` comparisons where items have
    one category each, else so many for each 62 categories there are.
    """
    width = max(topk)
    found = {k: np.full(len(items), np.nan) for k in topk}
    single = categories.shape[1] == 1
    words = categories if single else bit_sets(categories)  # (N, W)
    step = max(1, _CHUNK_PAIRS // width**2)
    for start in range(0, len(items), step):
        rows = slice(start, start + step)
        listed = words[items[rows, :width]]  # (R, k, W)
        same = _share_one(listed, single=single)  # (R, k, k)
        counted = (listed != 0).any(axis=2)
        for k in topk:
            counts = counted[:, :k].sum(axis=1)
            # Every item shares its categories with itself: those are no pairs.
            alike = same[:, :k, :k].sum(axis=(1, 2)) - counts
            pairs = np.where(counts > 1, counts * (counts - 1), np.nan)
            found[k][rows] = 1.0 - alike / pairs
    return {f"category_diversity@{k}": values for k, values in found.items()}


def _share_one(words: IntArray, *, single: bool) -> npt.NDArray[np.bool_]:
    """Return (R, k, k), whether two items share a category: of words of bits, or of single ids."""
    rows, width, count = words.shape
    same = np.zeros((rows, width, width), dtype=bool)
    for place in range(count):
        left, right = words[:, :, place, None], words[:, None, :, place]
        same |= (left == right) & (left > 0) if single else (left & right) != 0
    return same

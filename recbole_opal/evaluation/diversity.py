"""How many categories a list mixes.

Source: Y. Cen et al., Controllable multi-interest framework for recommendation (ComiRec), KDD 2020,
section 4.4, equation for Diversity@N, where an item has one category.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

__all__ = ["category_diversity"]

IntArray = npt.NDArray[np.int64]

_CHUNK_PAIRS = 2**22
"""Pairs looked at together: two boolean arrays of this size, 8 MiB."""


def category_diversity(
    items: npt.NDArray[np.int32], categories: npt.NDArray[np.int64], topk: Sequence[int]
) -> dict[str, npt.NDArray[np.float64]]:
    """Return `category_diversity@k` of (E, k) lists to (E,) in [0, 1], from (N, T) categories.

    It is the share of a list's pairs of items that share no category. An item without one is left
    out; a list with fewer than two others is NaN. The work is `E k^2 T^2` comparisons.
    """
    width = max(topk)
    found = {k: np.full(len(items), np.nan) for k in topk}
    step = max(1, _CHUNK_PAIRS // width**2)
    for start in range(0, len(items), step):
        rows = slice(start, start + step)
        listed = categories[items[rows, :width]]  # (R, k, T)
        same = _share_one(listed)  # (R, k, k)
        counted = listed[:, :, 0] > 0
        for k in topk:
            counts = counted[:, :k].sum(axis=1)
            # Every item shares its categories with itself: those are no pairs.
            alike = same[:, :k, :k].sum(axis=(1, 2)) - counts
            pairs = np.where(counts > 1, counts * (counts - 1), np.nan)
            found[k][rows] = 1.0 - alike / pairs
    return {f"category_diversity@{k}": values for k, values in found.items()}


def _share_one(categories: IntArray) -> npt.NDArray[np.bool_]:
    """Return (R, k, k), whether two items of (R, k, T) share a category."""
    rows, width, most = categories.shape
    same = np.zeros((rows, width, width), dtype=bool)
    for one in range(most):
        left = categories[:, :, one, None]  # (R, k, 1)
        for other in range(most):
            same |= (left == categories[:, None, :, other]) & (left > 0)
    return same

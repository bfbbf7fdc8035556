"""How much of the catalogue the lists use, and how evenly."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from recbole_opal.statistics import gini

__all__ = ["catalogue_use"]


def catalogue_use(
    items: npt.NDArray[np.int32], num_items: int, topk: Sequence[int]
) -> dict[str, float]:
    """Return coverage and Gini index of all lists together, for each cut-off.

    `coverage@k` is the share of the items that stand in someone's list; `gini@k` is 0 where all
    items are listed equally often and near 1 where one item has all places, items never listed
    included. Both count real items; RecBole's `ItemCoverage` and `GiniIndex` count the padding as
    one item more.

    Args:
        items: `(E, k)` internal item ids, 0 = fill.
        num_items: real items, without the padding, at least 1.
        topk: the cut-offs, each at most k.

    Returns:
        `coverage@k` and `gini@k`, in [0, 1].
    """
    found = {}
    for k in topk:
        counts = np.bincount(items[:, :k].ravel(), minlength=num_items + 1)[1:]
        found[f"coverage@{k}"] = float(np.count_nonzero(counts) / num_items)
        found[f"gini@{k}"] = gini(counts)
    return found

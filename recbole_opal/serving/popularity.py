"""Lists by popularity, for whom nothing is known: the most met in training, then by internal id."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from recbole_opal.retrieval import Pairs, TopK

__all__ = ["PopularItems"]


class PopularItems:
    """All items by their training interactions; it never changes.

    Args:
        counts: (N,) training interactions of each item, that of the padding first.
    """

    def __init__(self, counts: npt.NDArray[np.int64]) -> None:
        self._counts = torch.from_numpy(counts)
        # Stable, so that equals rank by id; without the padding.
        self._order = 1 + self._counts[1:].argsort(descending=True, stable=True)  # (N - 1,)

    def top_k(
        self, num_rows: int, k: int, exclude: Pairs | None = None, only: Tensor | None = None
    ) -> TopK:
        """Return the k most popular items of B rows, with their counts as scores.

        Args:
            num_rows: B.
            k: items of a list; where fewer are left the rest are fills: id 0, score -inf.
            exclude: (rows, ids) to leave out, in any order, repeated or not.
            only: (N,) bool, the items that may be listed.
        """
        order = self._order if only is None else self._order[only[self._order]]  # (M,)
        places = torch.arange(k).expand(num_rows, k)
        if exclude is not None:
            places = self._skipping(places, order, exclude)
        left = places < len(order)
        found = torch.cat([order, order.new_zeros(1)])[places.clamp(max=len(order))]
        ids = found.masked_fill(~left, 0)
        scores = self._counts[ids].float().masked_fill(~left, -torch.inf)
        return TopK(scores, ids)

    def _skipping(self, places: Tensor, order: Tensor, exclude: Pairs) -> Tensor:
        """Return at which place of the order each row's j-th item stands, (B, k).

        With the places p_0 < p_1 < ... of a row's excluded items it is j plus the number of i
        with p_i - i <= j: no list longer than k is made, however many are excluded.
        """
        num_rows, _ = places.shape
        place_of = torch.full_like(self._counts, -1)
        place_of[order] = torch.arange(len(order))
        rows, skipped = exclude[0], place_of[exclude[1]]
        width = len(self._counts)
        keys = torch.unique((rows * width + skipped)[skipped >= 0])  # by row, then place
        rows, skipped = keys // width, keys % width
        starts = torch.searchsorted(rows, torch.arange(num_rows))  # (B,)
        shifted = rows * width + skipped - (torch.arange(len(rows)) - starts[rows])
        asked = torch.arange(num_rows)[:, None] * width + places.clamp(max=width - 1)  # (B, k)
        return places + torch.searchsorted(shifted, asked, right=True) - starts[:, None]

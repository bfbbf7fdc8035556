"""What one call of an approximate search asks for, and how deep it may go."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from recbole_opal.retrieval.build_index import selector_of
from recbole_opal.retrieval.pairs import ExcludedPairs

__all__ = ["Search"]

_MAX_DEPTH = 4096
"""Deepest list asked of Faiss; a row that needs a deeper one is searched exactly."""

_FEW_ALLOWED = 2**14
"""So few items that may be listed are gathered and searched exactly: lists and graphs that hold
mostly others find them badly, and a scan of this many takes less than a search of the index."""


@dataclass(frozen=True)
class Search:
    """The queries of a batch, what their lists may hold, and how long they must be.

    Attributes:
        queries: `(B, K, D)`.
        k: length of a list.
        excluded: pairs that may not be listed.
        hidden: `(B,)` int64, items that a row excludes, of those that may be listed.
        wanted: `(B,)` int64, items that a row's list must hold: k, or all that are left.
        deepest: longest list that is asked of Faiss; 0: all rows are to be searched exactly.
        selector: Faiss's, of the items that may be listed; None: all.
    """

    queries: Tensor
    k: int
    excluded: ExcludedPairs
    hidden: Tensor
    wanted: Tensor
    deepest: int
    selector: Any

    @classmethod
    def of(
        cls, queries: Tensor, k: int, excluded: ExcludedPairs, table: Tensor, only: Tensor | None
    ) -> Search:
        """Count what each row may get; `only` is as `allowed_items` returns it."""
        if only is None:  # no look at all items: it would take as long as the search
            count, hidden, selector = len(table) - 1, excluded.counts() - 1, None
        else:
            count, selector = int(only.sum()), selector_of(only)
            hidden = torch.bincount(excluded.rows[only[excluded.ids]], minlength=len(queries))
        # Half of the items: a scan takes no longer than to sort so many.
        few = only is not None and count <= _FEW_ALLOWED
        deepest = 0 if few else min(count // 2, _MAX_DEPTH)
        wanted = (count - hidden).clamp(max=k)
        return cls(queries, k, excluded, hidden, wanted, deepest, selector)

    def depths(self, refine: int) -> Tensor:
        """Return `(B,)` int64, how many items each of a row's interests is searched for first.

        Powers of two, so that rows share searches.
        """
        needed = (self.k * refine + self.hidden).double()
        return needed.log2().ceil().exp2().long()

"""The items that a search may list, gathered into a small table of their own."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from recbole_opal.errors import RetrievalError
from recbole_opal.retrieval.pairs import ExcludedPairs
from recbole_opal.retrieval.scores import ItemVectors

__all__ = ["Subset", "allowed_items"]


def allowed_items(only: Tensor, items: ItemVectors) -> Tensor:
    """Return `only` on the items' device, without the padding; another shape or dtype is refused.

    Returns:
        `(N,)` bool.
    """
    count = len(items.table)
    if only.shape != (count,) or only.dtype != torch.bool:
        raise RetrievalError(
            f"only has shape {tuple(only.shape)} and type {only.dtype}; pass {count} truth values, "
            "one an item"
        )
    allowed = only.to(items.table.device, copy=True)
    allowed[0] = False
    return allowed


@dataclass(frozen=True)
class Subset:
    """Some items by their place among themselves; place 0 is the padding, as everywhere.

    Attributes:
        items: the `(M + 1, D)` gathered vectors.
        ids: `(M + 1,)` int64, ascending: the item of each place. So equal scores keep their order.
    """

    items: ItemVectors
    ids: Tensor

    @classmethod
    def of(cls, items: ItemVectors, allowed: Tensor) -> Subset:
        """Gather the allowed items, `(N,)` bool as `allowed_items` returns them."""
        ids = torch.cat((allowed.new_zeros(1, dtype=torch.int64), allowed.nonzero().flatten()))
        # The largest length of all items bounds that of some.
        return cls(ItemVectors(items.table[ids], items.largest_norm), ids)

    def excluded(self, pairs: ExcludedPairs) -> ExcludedPairs:
        """Return those of the pairs that concern these items, by place."""
        places = torch.searchsorted(self.ids, pairs.ids).clamp(max=len(self.ids) - 1)
        keep = self.ids[places] == pairs.ids
        return ExcludedPairs(pairs.rows[keep], places[keep], pairs.num_rows)

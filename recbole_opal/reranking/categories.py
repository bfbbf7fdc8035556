"""Which candidates share a category, told without looking at all pairs."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

__all__ = ["Alikeness"]

_BITS = 62
"""Categories in one int64 word; the sign stays free."""


@dataclass(frozen=True)
class Alikeness:
    """The categories of (B, C) candidates, packed so that sharing one is a comparison of words.

    As in `evaluation.diversity`: two items are alike if they share a category; an item without one
    is alike to none.

    Attributes:
        words: (B, C, W) int64, bits of categories; or the one category itself, 0 = none.
        single: whether no item has more than one category.
    """

    words: Tensor
    single: bool

    @classmethod
    def of(cls, categories: Tensor, ids: Tensor) -> Alikeness:
        """Look up (N, T) categories, 0 = none, for (B, C) ids."""
        if categories.shape[1] == 1:
            return cls(categories[ids], single=True)
        return cls(_packed(categories)[ids], single=False)

    def to_chosen(self, columns: Tensor) -> Tensor:
        """Return (B, C) bool, which candidates are alike to the one in each row's column, (B,)."""
        rows = torch.arange(len(columns), device=columns.device)
        chosen = self.words[rows, columns].unsqueeze(1)  # (B, 1, W)
        if self.single:
            return ((self.words == chosen) & (chosen > 0)).squeeze(-1)
        return (self.words & chosen).ne(0).any(dim=-1)


def _packed(categories: Tensor) -> Tensor:
    """Return (N, W) int64 with a bit for each category of an item."""
    words = int(categories.max()) // _BITS + 1
    packed = categories.new_zeros(len(categories), words)
    for column in categories.unbind(dim=1):
        word = (column // _BITS).unsqueeze(1)
        bit = torch.ones_like(column) << (column % _BITS)
        bit = bit.masked_fill(column == 0, 0).unsqueeze(1)
        packed.scatter_(1, word, packed.gather(1, word) | bit)
    return packed

"""Which candidates share a category, told without looking at all pairs."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from recbole_opal.statistics.bit_sets import bit_sets

__all__ = ["Alikeness"]


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
        words = torch.from_numpy(bit_sets(categories.cpu().numpy())).to(ids.device)
        return cls(words[ids], single=False)

    def to_chosen(self, columns: Tensor) -> Tensor:
        """Return (B, C) bool, which candidates are alike to the one in each row's column, (B,)."""
        rows = torch.arange(len(columns), device=columns.device)
        chosen = self.words[rows, columns].unsqueeze(1)  # (B, 1, W)
        if self.single:
            return ((self.words == chosen) & (chosen > 0)).squeeze(-1)
        return (self.words & chosen).ne(0).any(dim=-1)

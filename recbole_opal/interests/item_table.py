"""Item vectors on the unit sphere, at a cost that does not grow with the catalogue."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

__all__ = ["ItemTable"]


class ItemTable(nn.Module):
    """A table of item vectors that are L2-normalised whenever they are used.

    Source: OPAL's sphere constraint. The authors' code renormalises the whole table in place at
    each forward; this one normalises what a batch looks up, each distinct item once.

    Args:
        num_items: N, rows of the table with the padding row 0.
        width: D.
        sparse: whether the gradient holds only the rows looked up.
    """

    def __init__(self, num_items: int, width: int, *, sparse: bool) -> None:
        super().__init__()
        self.embedding = nn.Embedding(num_items, width, padding_idx=0, sparse=sparse)
        nn.init.normal_(self.embedding.weight, std=width**-0.5)  # length close to 1
        with torch.no_grad():
            self.embedding.weight[0].zero_()

    @property
    def num_items(self) -> int:
        """N, with the padding row."""
        return self.embedding.num_embeddings

    def forward(self, *ids: Tensor) -> tuple[Tensor, ...]:
        """Look up several id tensors together.

        Args:
            ids: int64 tensors of any shapes, values in [0, N); 0 is padding.

        Returns:
            One tensor for each, shaped (*ids.shape, D), unit length, zero for padding.
        """
        flat = torch.cat([part.reshape(-1) for part in ids])
        distinct, inverse = torch.unique(flat, return_inverse=True)
        rows = functional.normalize(self.embedding(distinct), dim=-1)  # (distinct, D)
        places = inverse.split([part.numel() for part in ids])
        return tuple(
            functional.embedding(place.view(part.shape), rows)
            for place, part in zip(places, ids, strict=True)
        )

    def all(self) -> Tensor:
        """Return the whole table, (N, D), unit length, row 0 zero; for serving."""
        return functional.normalize(self.embedding.weight, dim=-1)

"""Item vectors, on the unit sphere or free, at a cost that does not grow with the catalogue."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from recbole_opal.interests.unit import unit_length

__all__ = ["ItemTable"]


class ItemTable(nn.Module):
    """A table of item vectors, by default L2-normalised whenever they are used.

    Source: OPAL's sphere constraint. The authors' code renormalises the whole table in place at
    each forward; this one normalises what a batch looks up, each distinct item once.

    Args:
        num_items: N, rows of the table with the padding row 0.
        sparse: whether the gradient holds only the rows looked up.
        unit: whether vectors are normalised; False for models that compare by inner product.
    """

    def __init__(self, num_items: int, width: int, *, sparse: bool, unit: bool = True) -> None:
        super().__init__()
        self.unit = unit
        self.embedding = nn.Embedding(num_items, width, padding_idx=0, sparse=sparse)
        nn.init.normal_(self.embedding.weight, std=width**-0.5)  # length close to 1
        with torch.no_grad():
            self.embedding.weight[0].zero_()

    @property
    def num_items(self) -> int:
        """N, with the padding row."""
        return self.embedding.num_embeddings

    @torch.no_grad()
    def start_at(self, vectors: Tensor) -> None:
        """Put (N, D) vectors in the place of the random ones; the padding row stays zero."""
        self.embedding.weight.copy_(vectors)
        self.embedding.weight[0].zero_()

    def forward(self, *ids: Tensor) -> tuple[Tensor, ...]:
        """Look up several id tensors together: one (*ids.shape, D) for each, zero for padding."""
        flat = torch.cat([part.reshape(-1) for part in ids])
        distinct, inverse = torch.unique(flat, return_inverse=True)
        rows = self._placed(self._rows(distinct))  # (distinct, D)
        places = inverse.split([part.numel() for part in ids])
        return tuple(
            functional.embedding(place.view(part.shape), rows)
            for place, part in zip(places, ids, strict=True)
        )

    def _rows(self, ids: Tensor) -> Tensor:
        """Return rows of the table, without a gradient for padding.

        Left to the embedding, a sparse gradient would be cut to the other rows, whose number a GPU
        would be asked for.
        """
        table = self.embedding.weight
        rows = functional.embedding(ids, table, sparse=self.embedding.sparse)
        return rows.masked_fill((ids == 0).unsqueeze(-1), 0.0)

    def look_up(self, ids: Tensor) -> Tensor:
        """Return the vectors of ids, (*ids.shape, D), as `forward` does.

        An id that is met twice is normalised twice: no shape depends on how many ids differ, as
        an exported program needs it.
        """
        return self._placed(self.embedding(ids))

    def all(self) -> Tensor:
        """Return the whole table, (N, D), row 0 zero; for serving."""
        return self._placed(self.embedding.weight)

    def _placed(self, rows: Tensor) -> Tensor:
        return unit_length(rows) if self.unit else rows

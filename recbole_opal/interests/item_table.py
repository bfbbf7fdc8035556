"""Item vectors, on the unit sphere or free, at a cost that does not grow with the catalogue."""

from __future__ import annotations

from copy import copy

import torch
from torch import Tensor, nn
from torch.nn import functional

from recbole_opal.distributed.group import current
from recbole_opal.distributed.sharded_embedding import ShardedEmbedding, Sharding
from recbole_opal.interests.feature_table import FeatureTable
from recbole_opal.interests.item_features import ItemFeatures
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
        features: what the vectors of items are composed of beside their own; None: nothing.
        sharding: how the processes of a run share the rows; None: each has all of them, and so has
            a process that is alone, whatever it says.
        boosts: (N,) float, factors on the vectors where they are searched, not where they stand in
            a history; None: all 1.
    """

    boosts: Tensor | None

    def __init__(
        self,
        num_items: int,
        width: int,
        *,
        sparse: bool,
        unit: bool = True,
        features: ItemFeatures | None = None,
        boosts: Tensor | None = None,
        sharding: Sharding | None = None,
    ) -> None:
        super().__init__()
        self.unit = unit
        self.embedding = _embedding(num_items, width, sparse, sharding)
        self.features = features
        self.register_buffer("boosts", boosts, persistent=False)

    @property
    def num_items(self) -> int:
        """N, with the padding row."""
        return self.embedding.num_embeddings

    @torch.no_grad()
    def start_at(self, vectors: Tensor) -> None:
        """Put (N, D) vectors in the place of the random ones; the padding row stays zero.

        Where processes share the rows, those of the first one count.
        """
        if isinstance(self.embedding, ShardedEmbedding):
            self.embedding.start_at(vectors)
            return
        self.embedding.weight.copy_(vectors)
        self.embedding.weight[0].zero_()

    def forward(self, *ids: Tensor) -> tuple[Tensor, ...]:
        """Look up several id tensors together: one (*ids.shape, D) for each, zero for padding."""
        flat = torch.cat([part.reshape(-1) for part in ids])
        distinct, inverse = torch.unique(flat, return_inverse=True)
        rows = self.look_up(distinct)  # (distinct, D)
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
        if isinstance(self.embedding, ShardedEmbedding):
            shared: Tensor = self.embedding(ids)  # spares padding itself
            return shared
        table = self.embedding.weight
        rows = functional.embedding(ids, table, sparse=self.embedding.sparse)
        return rows.masked_fill((ids == 0).unsqueeze(-1), 0.0)

    def look_up(self, ids: Tensor) -> Tensor:
        """Return the vectors of (n,) ids, (n, D), as `forward` does.

        An id that is met twice is composed twice: no shape depends on how many ids differ, as an
        exported program needs it.
        """
        return self._placed(self._rows(ids), ids)

    def searched(self, ids: Tensor) -> Tensor:
        """Return the vectors of ids as lists are searched by, (*ids.shape, D)."""
        rows: Tensor = self(ids)[0]
        return rows if self.boosts is None else rows * self.boosts[ids].unsqueeze(-1)

    def all(self) -> Tensor:
        """Return the whole table as lists are searched by, (N, D), row 0 zero."""
        every = torch.arange(self.num_items, device=self.embedding.weight.device)
        rows = self._placed(self.embedding.weight, every)
        return rows if self.boosts is None else rows * self.boosts.unsqueeze(-1)

    @torch.no_grad()
    def composed(self, new: Tensor | None = None, boost: float = 1.0) -> ItemTable:
        """Return a table of the vectors as they are now, to be served: a look-up costs a row.

        Args:
            new: (n, D), of items that stand behind the others.
            boost: of these where they are searched.
        """
        device = self.embedding.weight.device
        vectors, boosts = self.look_up(torch.arange(self.num_items, device=device)), self.boosts
        if new is not None:
            if boosts is None:
                boosts = vectors.new_ones(len(vectors))
            boosts = torch.cat([boosts, boosts.new_full((len(new),), boost)])
            vectors = torch.cat([vectors, new.to(vectors)])
        table = copy(self)  # which draws no random vectors first
        count, width = vectors.shape
        served = nn.Embedding(count, width, padding_idx=0, _weight=vectors)
        table._modules = {"embedding": served}
        table._buffers = {"boosts": boosts}
        table.unit, table.features = False, None
        return table

    def of_new(self, table: FeatureTable) -> Tensor:
        """Return the vectors of n items that have features alone, (n, D).

        Raises:
            ValueError: nothing here is composed of features.
        """
        if self.features is None:
            raise ValueError("the items of this table have no features.")
        rows = self.features.of_new(table)
        return unit_length(rows) if self.unit else rows

    def _placed(self, own: Tensor, ids: Tensor) -> Tensor:
        """Compose the vectors of (n,) ids of their own, (n, D): the one place where it is done."""
        rows = own if self.features is None else self.features(own, ids)
        return unit_length(rows) if self.unit else rows


def _embedding(
    num_items: int, width: int, sparse: bool, sharding: Sharding | None
) -> nn.Embedding | ShardedEmbedding:
    """Return rows of length close to 1, at random, the same ones however they are shared out."""
    std = width**-0.5
    if sharding is not None and current() is not None:
        shared = ShardedEmbedding(num_items, width, sharding)
        shared.start_at_random(1.0)  # torch's own, of which nothing is left
        shared.start_at_random(std)
        return shared
    whole = nn.Embedding(num_items, width, padding_idx=0, sparse=sparse)
    nn.init.normal_(whole.weight, std=std)
    with torch.no_grad():
        whole.weight[0].zero_()
    return whole

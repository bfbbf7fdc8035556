"""The lists of a batch of users where no process has all item vectors."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from recbole_opal.distributed.group import current
from recbole_opal.distributed.rows import own_part
from recbole_opal.distributed.sharded_embedding import sharded_embedding_of
from recbole_opal.evaluation.full_sort import Retrieved, interest_record
from recbole_opal.retrieval import DEFAULT_BLOCK_SIZE, Pairs
from recbole_opal.retrieval.sharded_index import ShardedIndex

__all__ = ["ShardedRetriever"]

_PIECE = 2**15  # vectors that are asked for at a time


class ShardedRetriever:
    """Top-k for a network whose item table the processes of a run share.

    Built for each evaluation by all processes together, it has the vectors of this one's share of
    the items, whichever way the table is cut. Each process calls `retrieve` as often as the others.

    Args:
        model: in evaluation mode, without gradients; `searched(ids)` gives vectors by ids.
        config: reads `topk` and `item_block_size`.
        with_interests: whether to tell what each interest did.
    """

    def __init__(self, model: Any, config: Any, *, with_interests: bool = False) -> None:
        self.model, self.k, self.with_interests = model, max(config["topk"]), with_interests
        table: Any = sharded_embedding_of(model)
        count = table.num_embeddings - 1
        own, group = own_part(count), current()
        rows = _own_vectors(model, own, most=-(-count // (1 if group is None else group.size)))
        size = config["item_block_size"] or DEFAULT_BLOCK_SIZE
        self.index = ShardedIndex(rows, own.start + 1, size, model.scoring)

    def retrieve(self, inputs: Any, excluded: Pairs | None, targets: Pairs) -> Retrieved:
        """Return the lists of a batch, which may have no row; targets are not looked at."""
        queries = self.model.interests(inputs).detach()  # (B, K, D)
        ids = self.index.top_k(queries, self.k, excluded).ids
        if not self.with_interests:
            return Retrieved(ids)
        # The vectors of listed items alone, behind that of the padding.
        every = torch.cat([ids.new_zeros(1), ids.flatten()])
        listed, places = torch.unique(every, return_inverse=True)
        vectors, places = self.model.searched(listed), places[1:].view(ids.shape)
        record = interest_record(self.model, inputs, queries, vectors, places)
        return Retrieved(ids, interests=record)


def _own_vectors(model: Any, own: slice, most: int) -> Tensor:
    """Return the vectors of the items behind the padding that are this process's, piece by piece.

    All processes ask for as many pieces, since each of them answers the others.
    """
    pieces = []
    for start in range(0, most, _PIECE):
        first = min(own.start + start, own.stop)
        ids = torch.arange(first + 1, min(first + _PIECE, own.stop) + 1)
        pieces.append(model.searched(ids))
    return torch.cat(pieces)

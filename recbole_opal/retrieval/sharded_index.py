"""Exact top-k where each process of a run has some of the items."""

from __future__ import annotations

import torch
from torch import Tensor

from recbole_opal.distributed.rows import gather_rows, swap_rows
from recbole_opal.retrieval.exact import DEFAULT_BLOCK_SIZE, ExactIndex, TopK, cut
from recbole_opal.retrieval.pairs import Pairs
from recbole_opal.retrieval.scoring import MAXIMUM, Scoring

__all__ = ["ShardedIndex", "merged", "search_shard"]


class ShardedIndex:
    """The same lists as an `ExactIndex` over all items, of which no process has them all.

    The queries of every process go to all of them, each searches its items, and what it finds goes
    back and is merged. All interests of a user meet an item in one place, so that its score is
    final there, by the maximum as by a soft one, and the best k of all are among the best k of each
    part. Alone, a process has all items.

    Args:
        rows: (n, D) float, the vectors of this process's items, without the padding.
        first: the id of the first of them; the others follow it.
    """

    def __init__(
        self,
        rows: Tensor,
        first: int,
        block_size: int = DEFAULT_BLOCK_SIZE,
        scoring: Scoring = MAXIMUM,
    ) -> None:
        table = torch.cat([rows.new_zeros(1, rows.shape[1]), rows])
        self.first, self.index = first, ExactIndex(table, block_size, scoring)

    def top_k(self, interests: Tensor, k: int, exclude: Pairs | None = None) -> TopK:
        """Return the k best items of each row of this process, given (B, K, D) interests.

        All processes call it as often, with a B of their own that may be 0, and all with pairs to
        exclude or all without.
        """
        queries = gather_rows(interests)
        pairs: list[Pairs | None] = [None] * len(queries)
        if exclude is not None:
            pairs = list(zip(*(gather_rows(part) for part in exclude), strict=True))
        found = [
            search_shard(self.index, self.first, own, k, hidden)
            for own, hidden in zip(queries, pairs, strict=True)
        ]
        scores = swap_rows([each.scores for each in found])
        ids = swap_rows([each.ids for each in found])
        return merged([TopK(*each) for each in zip(scores, ids, strict=True)], k)


def search_shard(
    index: ExactIndex, first: int, interests: Tensor, k: int, exclude: Pairs | None
) -> TopK:
    """Return the best of some items, by the ids that they have among all.

    Args:
        index: over the padding and these items.
        first: the id of the first of them.
        interests: (B, K, D).
        k: length of a list.
        exclude: (rows, ids) of all items.
    """
    if not len(interests):
        return TopK(interests.new_empty(0, k), torch.empty(0, k, dtype=torch.int64))
    if exclude is not None:
        rows, ids = exclude
        here = (ids >= first) & (ids < first + len(index.items.table) - 1)
        exclude = rows[here], ids[here] - first + 1
    found = index.top_k(interests, k, exclude)
    return TopK(found.scores, torch.where(found.ids > 0, found.ids + first - 1, 0))


def merged(parts: list[TopK], k: int) -> TopK:
    """Return the lists over all items from the (B, k) lists over each part of them."""
    scores = torch.cat([each.scores for each in parts], dim=1)
    return cut(scores, torch.cat([each.ids for each in parts], dim=1), k)

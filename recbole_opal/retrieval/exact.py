"""Exact top-k under the maximum over interests, blocked over items.

Memory beyond the inputs, whatever `N` and `K` (`search_memory_bytes` computes the bound):

- the fast pass keeps two `(B, block)` float32 buffers: `8 * B * block` bytes;
- settling equal scores at the cut, which few rows need, works in float64:
  `20 * B * block + 8 * D * block` bytes;
- lists of `k + 16` candidates take about `80 * B * (k + 16)` bytes;
- gathered vectors and masks are made in chunks of at most 64 MiB.
"""

import torch
from torch import Tensor
from torch.nn import functional

from recbole_opal.errors import RetrievalError
from recbole_opal.retrieval.order import in_order, top_in_order
from recbole_opal.retrieval.pairs import ExcludedPairs
from recbole_opal.retrieval.scores import (
    ItemVectors,
    block_scores,
    candidate_scores,
    check_interests,
)
from recbole_opal.retrieval.types import Pairs, TopK

__all__ = [
    "DEFAULT_BLOCK_SIZE",
    "SLACK",
    "ExactIndex",
    "check_block_size",
    "cut",
    "exact_top_k",
    "search_memory_bytes",
    "settle",
    "unsettled",
]

DEFAULT_BLOCK_SIZE = 8192
"""Items at a time: the fastest of 2048..32768 at N=100k, B=256, K=4, D=64 on 1 and 2 threads."""

SLACK = 16
"""Candidates kept beyond `k`, so that rounding in the fast pass seldom needs a second one."""


class ExactIndex:
    """Blocked exact search in torch, on the device of the item table; see `Retriever`.

    Stability: stable.

    Args:
        items: `(N, D)` float32 or float64, row 0 = padding.
        block_size: items at a time.

    Raises:
        RetrievalError: a bad block size, or a table that is not a finite matrix.
    """

    def __init__(self, items: Tensor, block_size: int = DEFAULT_BLOCK_SIZE) -> None:
        self.block_size = check_block_size(block_size)
        self.items = ItemVectors.of(items)

    def top_k(self, interests: Tensor, k: int, exclude: Pairs | None = None) -> TopK:
        """Return the `k` best items of each row; see `Retriever.top_k`."""
        queries = check_interests(interests, self.items, k)
        table, batch = self.items.table, len(queries)
        excluded = ExcludedPairs.of(exclude, batch, len(table), table.device)
        fast, ids = _candidates(queries, table, k + SLACK, excluded, self.block_size)
        scores = candidate_scores(queries, table, ids).masked_fill(fast == -torch.inf, -torch.inf)
        # Whatever was left out scores at most this much; -inf: nothing was left out.
        outside = fast.amin(dim=1).double()
        result = cut(scores, ids, k)
        rows = unsettled(result, outside, self.items.error_bound(queries))
        if len(rows):
            masked = excluded.for_rows(rows, batch)
            part = settle(queries[rows], table, k, masked, self.block_size)
            result.scores[rows], result.ids[rows] = part.scores, part.ids
        return result


def check_block_size(block_size: int) -> int:
    """Return a number of items at a time, which must be at least 1."""
    if block_size < 1:
        raise RetrievalError(f"retrieval block size is {block_size}; use at least 1")
    return block_size


def search_memory_bytes(
    num_rows: int, k: int, width: int, block_size: int = DEFAULT_BLOCK_SIZE
) -> int:
    """Return an upper bound of the memory of one search beyond its inputs, in bytes."""
    blocks = (20 * num_rows + 8 * width) * block_size
    return blocks + 80 * num_rows * (k + SLACK) + 64 * 2**20


def exact_top_k(
    interests: Tensor,
    items: Tensor,
    k: int,
    *,
    exclude: Pairs | None = None,
    block_size: int = DEFAULT_BLOCK_SIZE,
) -> TopK:
    """Search once; for many batches over the same items build an `ExactIndex`."""
    return ExactIndex(items, block_size).top_k(interests, k, exclude)


def cut(scores: Tensor, ids: Tensor, k: int) -> TopK:
    """Order `(B, C)` candidates, cut at `k` and fill; a score of `-inf` is no candidate."""
    scores, ids = in_order(scores, ids)
    scores, ids = scores[:, :k].contiguous(), ids[:, :k].contiguous()
    short = k - scores.shape[1]
    if short > 0:
        scores = functional.pad(scores, (0, short), value=-torch.inf)
        ids = functional.pad(ids, (0, short))
    return TopK(scores, ids.masked_fill(scores == -torch.inf, 0))


def unsettled(result: TopK, outside: Tensor, error: Tensor) -> Tensor:
    """Return the rows in which an item left out could reach the list's last score.

    Args:
        result: the lists so far.
        outside: `(B,)` float64, upper bound of the fast score of all items left out.
        error: `(B,)` float64, how far a fast score may be off.
    """
    safe = (outside == -torch.inf) | (result.scores[:, -1].double() > outside + error)
    return (~safe).nonzero().flatten()


def settle(
    interests: Tensor, table: Tensor, k: int, excluded: ExcludedPairs, block_size: int
) -> TopK:
    """Search with final scores throughout: slower, but right with any number of equal scores."""
    best = torch.empty((len(interests), 0), dtype=torch.float32, device=table.device)
    ids = torch.empty((len(interests), 0), dtype=torch.int64, device=table.device)
    for block in excluded.blocks(len(table), block_size):
        scores = block_scores(interests, table[block.items])
        block.mask(scores)
        values, columns = top_in_order(scores, k)
        best, ids = in_order(
            torch.cat((best, values), dim=1), torch.cat((ids, columns + block.items.start), dim=1)
        )
        best, ids = best[:, :k], ids[:, :k]
    return cut(best, ids, k)


def _candidates(
    queries: Tensor, table: Tensor, depth: int, excluded: ExcludedPairs, block_size: int
) -> tuple[Tensor, Tensor]:
    """Return the `(B, min(depth, N))` best fast scores and ids, in no order."""
    batch, num_interests, _ = queries.shape
    size = min(block_size, len(table))
    running, product = table.new_empty(batch * size), table.new_empty(batch * size)
    best = table.new_empty(batch, 0)
    ids = torch.empty(batch, 0, dtype=torch.int64, device=table.device)
    for block in excluded.blocks(len(table), size):
        columns = table[block.items].T  # (D, n)
        shape = (batch, columns.shape[1])
        scores, other = (each[: batch * shape[1]].view(shape) for each in (running, product))
        torch.mm(queries[:, 0], columns, out=scores)
        for place in range(1, num_interests):
            torch.mm(queries[:, place], columns, out=other)
            torch.maximum(scores, other, out=scores)
        block.mask(scores)
        values, places = torch.topk(scores, min(depth, shape[1]), dim=1, sorted=False)
        best = torch.cat((best, values), dim=1)
        ids = torch.cat((ids, places + block.items.start), dim=1)
        if best.shape[1] > depth:
            best, kept = torch.topk(best, depth, dim=1, sorted=False)
            ids = ids.gather(1, kept)
    return best, ids

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
    "exact_top_k",
    "search_memory_bytes",
    "settle",
]

DEFAULT_BLOCK_SIZE = 8192
"""Items at a time: the fastest of 2048..32768 at N=100k, B=256, K=4, D=64 on 1 and 2 threads."""

SLACK = 16
"""Candidates kept beyond `k`, so that rounding in the fast pass seldom needs a second one."""


class ExactIndex:
    """Blocked exact search in torch, on the device of the item table.

    Stability: stable.

    Args:
        items: `(N, D)` float32 or float64, row 0 = padding.
        block_size: items at a time, at least 1.

    Raises:
        RetrievalError: a bad block size, or a table that is not a finite matrix.
    """

    def __init__(self, items: Tensor, block_size: int = DEFAULT_BLOCK_SIZE) -> None:
        if block_size < 1:
            raise RetrievalError(f"retrieval block size is {block_size}; use at least 1")
        self.items = ItemVectors.of(items)
        self.block_size = block_size

    def top_k(self, interests: Tensor, k: int, exclude: Pairs | None = None) -> TopK:
        """Return the `k` best items of each row; see `Retriever.top_k`."""
        queries = check_interests(interests, self.items, k)
        table = self.items.table
        excluded = ExcludedPairs.of(exclude, len(queries), len(table), table.device)
        fast, ids = _candidates(queries, table, k + SLACK, excluded, self.block_size)
        found = fast > -torch.inf
        scores = candidate_scores(queries, table, ids).masked_fill(~found, -torch.inf)
        # Whatever was left out scores at most this much; -inf: nothing was left out.
        outside = fast.amin(dim=1).double()
        result = cut(scores, ids, k)
        open_rows = unsettled(result, outside, self.items.error_bound(queries))
        if len(open_rows):
            part = settle(
                queries[open_rows],
                table,
                k,
                excluded.for_rows(open_rows, len(queries)),
                self.block_size,
            )
            result.scores[open_rows] = part.scores
            result.ids[open_rows] = part.ids
        return result


def search_memory_bytes(
    num_rows: int, k: int, width: int, block_size: int = DEFAULT_BLOCK_SIZE
) -> int:
    """Return an upper bound of the memory of one search beyond its inputs, in bytes.

    Args:
        num_rows: B.
        k: length of the lists.
        width: D.
        block_size: items at a time.
    """
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
    """Search once; for many batches over the same items build an `ExactIndex`.

    Args:
        interests: `(B, K, D)` float.
        items: `(N, D)` float, row 0 = padding, never returned.
        k: length of the lists, at least 1.
        exclude: `(rows, ids)` pairs never returned.
        block_size: items at a time.

    Returns:
        The lists, best first, ties by ascending id.

    Raises:
        RetrievalError: see `ExactIndex`.
    """
    return ExactIndex(items, block_size).top_k(interests, k, exclude)


def cut(scores: Tensor, ids: Tensor, k: int) -> TopK:
    """Order candidates, cuts at `k` and fills: `(B, C)` scores and ids, `-inf` = no candidate."""
    scores, ids = in_order(scores, ids)
    scores, ids = scores[:, :k].contiguous(), ids[:, :k].contiguous()
    short = k - scores.shape[1]
    if short > 0:
        scores = torch.nn.functional.pad(scores, (0, short), value=-torch.inf)
        ids = torch.nn.functional.pad(ids, (0, short))
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
    """Search with final scores throughout: slower, but right with any number of equal scores.

    Args:
        interests: `(B, K, D)` float.
        table: `(N, D)` float.
        k: length of the lists.
        excluded: pairs never returned.
        block_size: items at a time.
    """
    starts = range(0, len(table), block_size)
    shape = (len(interests), 0)
    best = torch.empty(shape, dtype=torch.float32, device=table.device)
    ids = torch.empty(shape, dtype=torch.int64, device=table.device)
    for start, masked in zip(starts, excluded.slices(starts), strict=True):
        scores = block_scores(interests, table[start : start + block_size])
        _mask(scores, masked, start)
        values, columns = top_in_order(scores, k)
        best, ids = in_order(
            torch.cat((best, values), dim=1), torch.cat((ids, columns + start), dim=1)
        )
        best, ids = best[:, :k], ids[:, :k]
    return cut(best, ids, k)


def _candidates(
    queries: Tensor, table: Tensor, depth: int, excluded: ExcludedPairs, block_size: int
) -> tuple[Tensor, Tensor]:
    """Return the `(B, min(depth, N))` best fast scores and ids, in no order."""
    batch, num_interests, _ = queries.shape
    starts = range(0, len(table), block_size)
    size = min(block_size, len(table))
    running = table.new_empty(batch * size)
    product = table.new_empty(batch * size)
    best = table.new_empty(batch, 0)
    ids = torch.empty(batch, 0, dtype=torch.int64, device=table.device)
    for start, masked in zip(starts, excluded.slices(starts), strict=True):
        columns = table[start : start + size].T  # (D, n)
        shape = (batch, columns.shape[1])
        scores = running[: batch * shape[1]].view(shape)
        other = product[: batch * shape[1]].view(shape)
        torch.mm(queries[:, 0], columns, out=scores)
        for place in range(1, num_interests):
            torch.mm(queries[:, place], columns, out=other)
            torch.maximum(scores, other, out=scores)
        _mask(scores, masked, start)
        values, places = torch.topk(scores, min(depth, shape[1]), dim=1, sorted=False)
        best, ids = torch.cat((best, values), dim=1), torch.cat((ids, places + start), dim=1)
        if best.shape[1] > depth:
            best, kept = torch.topk(best, depth, dim=1, sorted=False)
            ids = ids.gather(1, kept)
    return best, ids


def _mask(scores: Tensor, masked: Pairs, start: int) -> None:
    """Set the padding column and the excluded pairs of a block to `-inf`, in place."""
    if start == 0:
        scores[:, 0] = -torch.inf
    scores[masked] = -torch.inf

"""Exact top-k under the maximum over interests, or a soft one, blocked over items.

A fast float32 pass finds candidates; few rows, of equal scores at the cut, need a float64 one.
"""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from recbole_opal.errors import RetrievalError
from recbole_opal.retrieval.fast_scores import FastScores
from recbole_opal.retrieval.order import in_order, top_in_order
from recbole_opal.retrieval.pairs import ExcludedPairs, Pairs
from recbole_opal.retrieval.scores import (
    ItemVectors,
    block_scores,
    candidate_scores,
    check_interests,
)
from recbole_opal.retrieval.scoring import MAXIMUM, Scoring
from recbole_opal.retrieval.subset import Subset, allowed_items

__all__ = [
    "DEFAULT_BLOCK_SIZE",
    "SLACK",
    "ExactIndex",
    "TopK",
    "cut",
    "exact_top_k",
    "search_memory_bytes",
    "settle",
]

DEFAULT_BLOCK_SIZE = 8192
"""Items at a time: the fastest of 2048..32768 at N=100k, B=256, K=4, D=64 on 1 and 2 threads."""

_CACHED_SCORES = 2**21
"""Scores of a block: 8 MiB; the fastest of 2**19..2**23 at N=7.5k and 100k, B=1024, K=4, D=64."""
_LEAST_BLOCK = 1024

SLACK = 16
"""Candidates kept beyond `k`, so that rounding in the fast pass seldom needs a second one."""


@dataclass(frozen=True)
class TopK:
    """The lists of a batch, best first: `(B, k)` float32 scores and int64 item ids.

    A score of `-inf` and the id 0 mark a fill, where fewer than `k` items are left for a row.
    """

    scores: Tensor
    ids: Tensor


class ExactIndex:
    """A search for the `k` best items of each row by their score, in torch.

    Every backend follows one rule, so that all give the same lists: a score is what `scoring` makes
    of inner products, in float64 and rounded to float32, and equal scores rank by ascending item
    id, at the cut as well. Excluded pairs and row 0 of the `(N, D)` items, the padding, are never
    returned. The search works on the items' device, `block_size` of them at a time.

    Stability: stable.
    """

    kind = "torch"

    def __init__(
        self,
        items: Tensor | ItemVectors,
        block_size: int = DEFAULT_BLOCK_SIZE,
        scoring: Scoring = MAXIMUM,
    ) -> None:
        if block_size < 1:
            raise RetrievalError(f"retrieval block size is {block_size}; use at least 1")
        self.block_size, self.scoring = block_size, scoring
        self.items = items if isinstance(items, ItemVectors) else ItemVectors.of(items)

    def top_k(
        self, interests: Tensor, k: int, exclude: Pairs | None = None, only: Tensor | None = None
    ) -> TopK:
        """Return the `k` best items of each row, given `(B, K, D)` interests, on their device.

        More than the items left gives fills; excluded pairs may repeat, in any order. `only`,
        `(N,)` bool, tells the items that may be listed: they are gathered and searched, so that few
        of them cost little. Shapes that do not fit and vectors that are not finite are a
        RetrievalError.
        """
        table = self.items.table
        queries = check_interests(interests, self.items, k)
        excluded = ExcludedPairs.of(exclude, len(queries), len(table), table.device)
        if only is None:
            found = self._lists(queries, k, excluded)
        else:
            part = Subset.of(self.items, allowed_items(only, self.items))
            index = ExactIndex(part.items, self.block_size, self.scoring)
            found = index._lists(queries, k, part.excluded(excluded))
            found = TopK(found.scores, part.ids[found.ids])
        return TopK(found.scores.to(interests.device), found.ids.to(interests.device))

    def bytes_per_item(self) -> float:
        """Return the memory of an item: its row of the table, of which there is no copy."""
        table = self.items.table
        return float(table.shape[1] * table.element_size())

    def _lists(self, queries: Tensor, k: int, excluded: ExcludedPairs) -> TopK:
        found, outside = self._search(queries, k, excluded)
        rows = self._unsettled(queries, found, outside)
        if len(rows):
            others = excluded.for_rows(rows)
            part = settle(queries[rows], self.items.table, k, others, self.block_size, self.scoring)
            found.scores[rows], found.ids[rows] = part.scores, part.ids
        return found

    def _unsettled(self, queries: Tensor, found: TopK, outside: Tensor) -> Tensor:
        """Return the rows in which an item left out could reach the list's last score.

        `outside` is -inf where none was left out.
        """
        reach = outside + self.items.error_bound(queries, self.scoring)
        rows = (outside > -torch.inf) & (found.scores[:, -1].double() <= reach)
        return rows.nonzero().flatten()

    def _search(self, queries: Tensor, k: int, excluded: ExcludedPairs) -> tuple[TopK, Tensor]:
        """Return lists, and `(B,)` float64, what the fast score of an item left out is at most."""
        table, depth = self.items.table, k + SLACK
        size = _block_size(self.block_size, queries, depth)
        ranking = FastScores.of(queries, self.scoring, self.items.largest_norm)
        fast, ids = _candidates(ranking, table, depth, excluded, size)
        scores = candidate_scores(queries, table, ids, self.scoring)
        found = cut(scores.masked_fill(fast == -torch.inf, -torch.inf), ids, k)
        return found, fast.amin(dim=1).double()


def search_memory_bytes(
    num_rows: int,
    k: int,
    width: int,
    block_size: int = DEFAULT_BLOCK_SIZE,
    scoring: Scoring = MAXIMUM,
) -> int:
    """Return an upper bound of the memory of one search beyond its inputs, in bytes."""
    # The fast pass keeps two (B, block) float32 buffers; settling, in float64, takes more, and a
    # soft maximum three more while it is made.
    blocks = ((44 if scoring.soft else 20) * num_rows + 8 * width) * block_size
    # Candidates, and the chunks in which vectors are gathered and masks made.
    return blocks + 80 * num_rows * (k + SLACK) + 64 * 2**20


def exact_top_k(
    interests: Tensor,
    items: Tensor,
    k: int,
    *,
    exclude: Pairs | None = None,
    block_size: int = DEFAULT_BLOCK_SIZE,
    scoring: Scoring = MAXIMUM,
) -> TopK:
    """Search once; for many batches over the same items build an `ExactIndex`."""
    return ExactIndex(items, block_size, scoring).top_k(interests, k, exclude)


def cut(scores: Tensor, ids: Tensor, k: int) -> TopK:
    """Order `(B, C)` candidates, cut at `k` and fill; a score of `-inf` is no candidate."""
    scores, ids = in_order(scores, ids)
    short = max(0, k - scores.shape[1])
    scores = functional.pad(scores[:, :k], (0, short), value=-torch.inf)
    ids = functional.pad(ids[:, :k], (0, short))
    return TopK(scores, ids.masked_fill(scores == -torch.inf, 0))


def settle(
    interests: Tensor,
    table: Tensor,
    k: int,
    excluded: ExcludedPairs,
    block_size: int,
    scoring: Scoring = MAXIMUM,
) -> TopK:
    """Search with final scores throughout: slower, but right with any number of equal scores."""
    nothing = table.new_empty(len(interests), 0)
    found = TopK(nothing.float(), nothing.long())
    for start, vectors, hidden in excluded.blocks(table, block_size):
        scores = block_scores(interests, vectors, scoring)
        scores[hidden] = -torch.inf
        values, columns = top_in_order(scores, k)
        both = torch.cat((found.scores, values), dim=1)
        found = cut(both, torch.cat((found.ids, columns + start), dim=1), k)
    return found


def _candidates(
    ranking: FastScores, table: Tensor, depth: int, excluded: ExcludedPairs, block_size: int
) -> tuple[Tensor, Tensor]:
    """Return the `(B, min(depth, N))` best fast scores and ids, in no order."""
    queries = ranking.queries
    batch, num_interests, _ = queries.shape
    buffers = table.new_empty(2, batch * min(block_size, len(table)))
    best = table.new_empty(batch, 0)
    ids = best.long()
    for start, vectors, hidden in excluded.blocks(table, block_size):
        columns = vectors.T  # (D, n)
        width = columns.shape[1]
        scores, other = buffers[:, : batch * width].view(2, batch, width)
        torch.mm(queries[:, 0], columns, out=scores)
        ranking.begin(scores)
        for place in range(1, num_interests):
            torch.mm(queries[:, place], columns, out=other)
            ranking.join(scores, other)
        scores[hidden] = ranking.hidden
        values, places = torch.topk(scores, min(depth, width), dim=1, sorted=False)
        best = torch.cat((best, values), dim=1)
        ids = torch.cat((ids, places + start), dim=1)
        if best.shape[1] > depth:
            best, kept = torch.topk(best, depth, dim=1, sorted=False)
            ids = ids.gather(1, kept)
    return ranking.scores(best), ids


def _block_size(most: int, queries: Tensor, depth: int) -> int:
    """Return how many items to score at a time, so that on a CPU their scores stay in its cache."""
    if queries.device.type != "cpu":
        return most
    return min(most, max(_CACHED_SCORES // max(1, len(queries)), _LEAST_BLOCK, 4 * depth))

"""The same exact lists through Faiss: one flat inner-product search per interest, then a merge.

Memory: the index holds its own copy of the items, `4 * N * D` bytes; beyond that a search keeps
about 200 MiB at most whatever `N`, because rows that need deep lists are settled by blocks.
"""

from typing import Any

import numpy as np
import torch
from torch import Tensor

from recbole_opal.errors import RetrievalError
from recbole_opal.retrieval.exact import (
    DEFAULT_BLOCK_SIZE,
    SLACK,
    check_block_size,
    cut,
    settle,
    unsettled,
)
from recbole_opal.retrieval.pairs import ExcludedPairs
from recbole_opal.retrieval.scores import ItemVectors, candidate_scores, check_interests
from recbole_opal.retrieval.types import Pairs, TopK

__all__ = ["FaissFlatIndex"]

_MAX_DEPTH = 4096
"""Deepest list asked of Faiss; its own limit on a GPU is 2048, on a CPU there is none."""

_CHUNK_RESULTS = 2**20
"""Results (score and id) of one Faiss call, `rows * K * depth`: 12 MiB, about 100 MiB merged."""


class FaissFlatIndex:
    """Exact search with `faiss.IndexFlatIP` on the CPU; lists equal those of `ExactIndex`.

    Each interest is searched for `k` plus the row's excluded items plus a slack; the lists are
    merged, scored again as every backend does, and searched deeper where an item outside could
    still reach the last place (equal scores at the cut).

    Stability: stable.

    Args:
        items: `(N, D)` float32 or float64, row 0 = padding, which is not put into the index.
        block_size: items at a time where a row must be settled by blocks.

    Raises:
        RetrievalError: faiss is not installed, or the table is not a finite matrix.
    """

    def __init__(self, items: Tensor, block_size: int = DEFAULT_BLOCK_SIZE) -> None:
        self.block_size = check_block_size(block_size)
        faiss = _import_faiss()
        self.items = ItemVectors.of(items.cpu())
        self._index = faiss.IndexFlatIP(items.shape[1])
        # Without the padding row, so it cannot be returned; ids are one lower inside.
        self._index.add(np.ascontiguousarray(self.items.table[1:].numpy(), dtype=np.float32))

    def top_k(self, interests: Tensor, k: int, exclude: Pairs | None = None) -> TopK:
        """Return the `k` best items of each row, on the device of `interests`."""
        queries = check_interests(interests, self.items, k)
        table, batch = self.items.table, len(queries)
        limit = min(len(table) - 1, _MAX_DEPTH)
        excluded = ExcludedPairs.of(exclude, batch, len(table), table.device)
        error = self.items.error_bound(queries)
        needed = k + SLACK + excluded.counts(batch)
        scores = torch.full((batch, k), -torch.inf, dtype=torch.float32)
        ids = torch.zeros(batch, k, dtype=torch.int64)
        waiting, depth = torch.arange(batch), 0
        while len(waiting) and depth < limit:
            depth = min(limit, _power_of_two(int(needed[waiting].min())))
            ready = waiting[needed[waiting].clamp(max=limit) <= depth]
            for rows in torch.split(ready, max(1, _CHUNK_RESULTS // (queries.shape[1] * depth))):
                masked = excluded.for_rows(rows, batch)
                part, outside = self._search(queries[rows], k, depth, masked)
                scores[rows], ids[rows] = part.scores, part.ids
                still_open = unsettled(part, outside, error[rows])
                needed[rows] = 0
                needed[rows[still_open]] = 4 * depth
            waiting = needed.nonzero().flatten()
        if len(waiting):
            masked = excluded.for_rows(waiting, batch)
            part = settle(queries[waiting], table, k, masked, self.block_size)
            scores[waiting], ids[waiting] = part.scores, part.ids
        return TopK(scores.to(interests.device), ids.to(interests.device))

    def _search(
        self, queries: Tensor, k: int, depth: int, excluded: ExcludedPairs
    ) -> tuple[TopK, Tensor]:
        """Search `depth` items for each interest.

        Returns:
            The lists, and `(R,)` float64 upper bounds of the fast scores of all items left out.
        """
        rows, num_interests, width = queries.shape
        flat = np.ascontiguousarray(queries.reshape(-1, width).numpy(), dtype=np.float32)
        scores, ids = self._index.search(flat, depth)
        candidates = torch.from_numpy(ids).view(rows, num_interests * depth) + 1
        candidates = candidates.sort(dim=1).values  # (R, K * depth)
        keep = torch.ones_like(candidates, dtype=torch.bool)
        keep[:, 1:] = candidates[:, 1:] != candidates[:, :-1]
        keep &= ~excluded.holds(torch.arange(rows)[:, None], candidates, rows)
        final = candidate_scores(queries, self.items.table, candidates)
        result = cut(final.masked_fill(~keep, -torch.inf), candidates, k)
        if depth == len(self.items.table) - 1:
            return result, torch.full((rows,), -torch.inf, dtype=torch.float64)
        # An item outside lies below the last score of every interest's list.
        last = torch.from_numpy(scores[:, -1]).view(rows, num_interests)
        return result, last.amax(dim=1).double()


def _import_faiss() -> Any:
    """Import Faiss where it is used, so that nobody else needs it."""
    try:
        import faiss
    except ImportError as error:
        raise RetrievalError(
            "--retrieval=faiss needs Faiss, which is not installed; pip install faiss-cpu, or use "
            "--retrieval=torch"
        ) from error
    return faiss


def _power_of_two(number: int) -> int:
    """Return the smallest power of two that is at least `number`, so that rows share searches."""
    return 1 << max(0, number - 1).bit_length()

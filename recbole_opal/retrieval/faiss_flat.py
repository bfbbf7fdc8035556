"""The same exact lists through Faiss: one flat inner-product search per interest, then a merge.

Memory: the index holds its own copy of the items, `4 * N * D` bytes; beyond that a search keeps
about 200 MiB at most whatever `N`, because rows that need deep lists are settled by blocks.
"""

import numpy as np
import torch
from torch import Tensor

from recbole_opal.retrieval.exact import DEFAULT_BLOCK_SIZE, SLACK, ExactIndex, TopK, cut
from recbole_opal.retrieval.faiss_library import CHUNK_RESULTS, MAX_DEPTH_GPU, import_faiss, on_gpu
from recbole_opal.retrieval.pairs import ExcludedPairs
from recbole_opal.retrieval.scores import ItemVectors, candidate_scores
from recbole_opal.retrieval.scoring import MAXIMUM, Scoring

__all__ = ["FaissFlatIndex"]

_MAX_DEPTH = 4096
"""Deepest list asked of Faiss on a CPU, where it has no limit of its own."""


class FaissFlatIndex(ExactIndex):
    """Exact search with `faiss.IndexFlatIP`; lists equal those of `ExactIndex`.

    Each interest is searched for `k` plus the row's excluded items plus a slack; the lists are
    merged and scored again, on the CPU, as every backend does. Faiss searches on a GPU if the items
    are there and it is built for it. With `only` the items are gathered, as in `ExactIndex`.

    An item that no interest's list holds has no product above the last of each: its score is at
    most that of these last products. With a soft maximum it may still belong into the list: then
    the lists are deeper, and a row for which they are not deep enough is searched by torch.

    Stability: stable.
    """

    kind = "faiss"

    def __init__(
        self,
        items: Tensor | ItemVectors,
        block_size: int = DEFAULT_BLOCK_SIZE,
        scoring: Scoring = MAXIMUM,
    ) -> None:
        given = items if isinstance(items, ItemVectors) else ItemVectors.of(items)
        super().__init__(ItemVectors(given.table.cpu(), given.largest_norm), block_size, scoring)
        self.index = import_faiss(self.kind).IndexFlatIP(given.table.shape[1])
        # Without the padding row, so it cannot be returned; ids are one lower inside.
        self.index.add(np.ascontiguousarray(self.items.table[1:].numpy(), dtype=np.float32))
        moved = on_gpu(self.index, given.table.device)
        self._searched = self.index if moved is None else moved
        self._max_depth = _MAX_DEPTH if moved is None else MAX_DEPTH_GPU

    def bytes_per_item(self) -> float:
        """Return the memory of an item in the index: a float32 copy of its vector."""
        return 4.0 * self.items.table.shape[1]

    def _search(self, queries: Tensor, k: int, excluded: ExcludedPairs) -> tuple[TopK, Tensor]:
        batch, limit = len(queries), min(len(self.items.table) - 1, self._max_depth)
        # Powers of two, so that rows share searches.
        more = self.scoring.deepening(queries.shape[1])
        needed = (more * k + SLACK + excluded.counts()).double().log2().ceil().exp2()
        depths = needed.clamp(max=limit).long()
        scores = torch.full((batch, k), -torch.inf, dtype=torch.float32)
        found = TopK(scores, torch.zeros(batch, k, dtype=torch.int64))
        outside = torch.full((batch,), -torch.inf, dtype=torch.float64)
        self._fill(queries, excluded, depths, found, outside)
        if self.scoring.soft and queries.shape[1] > 1:
            rows = self._unsettled(queries, found, outside)
            if len(rows):
                part, outside[rows] = super()._search(queries[rows], k, excluded.for_rows(rows))
                found.scores[rows], found.ids[rows] = part.scores, part.ids
        return found, outside

    def _fill(
        self,
        queries: Tensor,
        excluded: ExcludedPairs,
        depths: Tensor,
        found: TopK,
        outside: Tensor,
    ) -> None:
        """Write lists into `found`, and into `outside`, `(B,)`, bounds of the scores not found."""
        table, k = self.items.table, found.ids.shape[1]
        for depth in torch.unique(depths).tolist() if len(table) > 1 else ():
            step = max(1, CHUNK_RESULTS // (queries.shape[1] * depth))
            for rows in torch.split((depths == depth).nonzero().flatten(), step):
                last, ids = self._candidates(queries[rows], depth)
                keep = ~excluded.holds(rows[:, None], ids)
                keep[:, 1:] &= ids[:, 1:] != ids[:, :-1]
                scores = candidate_scores(queries[rows], table, ids, self.scoring)
                part = cut(scores.masked_fill(~keep, -torch.inf), ids, k)
                found.scores[rows], found.ids[rows] = part.scores, part.ids
                if depth < len(table) - 1:
                    outside[rows] = last

    def _candidates(self, queries: Tensor, depth: int) -> tuple[Tensor, Tensor]:
        """Return `(R,)` bounds of the scores not found, and `(R, K * depth)` ids, sorted."""
        flat = queries.flatten(end_dim=1).float().contiguous().numpy()
        scores, ids = map(torch.from_numpy, self._searched.search(flat, depth))
        last = scores[:, -1].double().view(len(queries), -1)
        return self.scoring.of_last(last), (ids + 1).view(len(queries), -1).sort(dim=1).values

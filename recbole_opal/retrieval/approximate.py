"""Approximate search by Faiss, under the same contract as the exact one."""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy
from typing import Any, cast

import torch
from torch import Tensor

from recbole_opal.errors import RetrievalError, SettingsError
from recbole_opal.retrieval.build_index import build_index, search_parameters, space_of
from recbole_opal.retrieval.exact import DEFAULT_BLOCK_SIZE, ExactIndex, TopK, cut
from recbole_opal.retrieval.faiss_library import CHUNK_RESULTS, MAX_DEPTH_GPU, import_faiss, on_gpu
from recbole_opal.retrieval.index_settings import IndexSettings, index_settings
from recbole_opal.retrieval.pairs import ExcludedPairs, Pairs
from recbole_opal.retrieval.request import Search
from recbole_opal.retrieval.scores import ItemVectors, candidate_scores, check_interests
from recbole_opal.retrieval.scoring import MAXIMUM, Scoring
from recbole_opal.retrieval.subset import allowed_items

__all__ = ["ApproximateIndex"]


class ApproximateIndex:
    """A search for most of the `k` best items of each row, by an index of Faiss.

    Each of a row's K interests is searched for the list's length, the row's excluded items and
    what `refine` adds; the lists are merged and scored again from the item table, so that scores
    and order are those of the exact search: it may miss items, no more. With a soft maximum the
    lists are several times as long, since its best may be the best of no interest. A list with
    places left is searched twice as deep until it is full, then exactly. The index is kept without
    the padding, so it cannot be returned.

    It is built once, here, and never changed: threads may share it. `with_search` returns another
    view of it.

    Stability: stable.

    Args:
        kind: `ivf-flat`, `ivf-pq`, `hnsw` or `sq8`.
        items: (N, D) float vectors, row 0 = padding. If they are on a GPU and Faiss has one,
            `ivf-flat` searches there; the other kinds search on the CPU.
        settings: see `index_settings`; a SettingsError tells what is wrong with them.
        scoring: what makes a score of a user's inner products.
        index: of Faiss, built of the same items with the same settings before.
    """

    def __init__(
        self,
        kind: str,
        items: Tensor | ItemVectors,
        block_size: int = DEFAULT_BLOCK_SIZE,
        settings: Mapping[str, Any] | IndexSettings | None = None,
        scoring: Scoring = MAXIMUM,
        *,
        index: Any = None,
    ) -> None:
        if not isinstance(settings, IndexSettings):
            settings = index_settings(kind, settings)
        if settings is None:
            raise RetrievalError(f"{kind} is exact; use make_retriever('{kind}', items)")
        self.kind, self.settings, self.scoring = kind, _fitting(settings, scoring), scoring
        self._exact = ExactIndex(items, block_size, scoring)
        self.items = self._exact.items
        self._space = space_of(settings, self.items)
        self.index = (
            build_index(kind, settings, self.items, self._space) if index is None else index
        )
        on_device = self.items.table.device if kind == "ivf-flat" else torch.device("cpu")
        self._moved = on_gpu(self.index, on_device)

    def with_search(self, **changed: Any) -> ApproximateIndex:
        """Return a view of the same index with other settings of the search, as `nprobe=64`.

        Those that need another index are a SettingsError.
        """
        settings = index_settings(self.kind, {**self.settings.model_dump(), **changed})
        fixed = sorted(changed.keys() - self.settings.SEARCHING)
        if fixed:
            allowed = ", ".join(sorted(self.settings.SEARCHING))
            raise SettingsError(
                f"{fixed[0]} needs another index of kind {self.kind}; build one, or change only "
                f"{allowed}."
            )
        view = copy(self)
        view.settings = _fitting(cast(IndexSettings, settings), self.scoring)
        return view

    def bytes_per_item(self) -> float:
        """Return the memory of the index over its items: codes, ids, links, its share of centroids.

        The item table, from which candidates are scored, comes on top of it.
        """
        faiss, sizes = import_faiss(self.kind), [0]

        def count(part: bytes) -> int:
            sizes[0] += len(part)
            return len(part)

        faiss.write_index(self.index, faiss.PyCallbackIOWriter(count))
        return sizes[0] / (len(self.items.table) - 1)

    def top_k(
        self, interests: Tensor, k: int, exclude: Pairs | None = None, only: Tensor | None = None
    ) -> TopK:
        """Return `k` of the best items of each row, as `ExactIndex.top_k` does.

        Fills only where no items are left; `only`, `(N,)` bool, goes to Faiss as a selector.
        """
        table = self.items.table
        queries = check_interests(interests, self.items, k)
        excluded = ExcludedPairs.of(exclude, len(queries), len(table), table.device)
        allowed = None if only is None else allowed_items(only, self.items)
        search = Search.of(queries, k, excluded, table, allowed)
        found = TopK(
            table.new_full((len(queries), k), -torch.inf, dtype=torch.float32),
            table.new_zeros((len(queries), k), dtype=torch.int64),
        )
        rows = self._fill(search, found).nonzero().flatten()
        if len(rows):
            others = excluded.for_rows(rows)
            part = self._exact.top_k(queries[rows], k, (others.rows, others.ids), only)
            found.scores[rows], found.ids[rows] = part.scores, part.ids
        return TopK(found.scores.to(interests.device), found.ids.to(interests.device))

    def _fill(self, search: Search, found: TopK) -> Tensor:
        """Write lists into `found`; return `(B,)` bool, those that are left to an exact search."""
        depths = search.depths(
            self.settings.refine * self.scoring.deepening(search.queries.shape[1])
        )
        open_rows = torch.ones_like(depths, dtype=torch.bool)
        rest = open_rows.clone()
        while True:
            open_rows &= depths <= search.deepest
            if not bool(open_rows.any()):
                return rest
            for depth in torch.unique(depths[open_rows]).tolist():
                step = max(1, CHUNK_RESULTS // (search.queries.shape[1] * depth))
                chosen = (open_rows & (depths == depth)).nonzero().flatten()
                for rows in torch.split(chosen, step):
                    part, more = self._lists(search, rows, depth)
                    found.scores[rows], found.ids[rows] = part.scores, part.ids
                    rest[rows] = (part.ids > 0).sum(dim=1) < search.wanted[rows]
                    open_rows[rows] = rest[rows] & more
            depths = depths * 2

    def _lists(self, search: Search, rows: Tensor, depth: int) -> tuple[TopK, Tensor]:
        """Return lists of some rows, and `(R,)` bool, whether a deeper search may find more."""
        queries = search.queries[rows]
        asked = self._space.queries(queries.flatten(end_dim=1))
        index = self.index
        if self._moved is not None and search.selector is None and depth <= MAX_DEPTH_GPU:
            index = self._moved
        parameters = search_parameters(self.settings, self.index, search.selector)
        near, places = index.search(asked, depth, params=parameters)
        ids = torch.from_numpy(places).to(rows.device).view(len(rows), -1) + 1  # 0: none found
        if getattr(self.settings, "rescore", True):
            ids = ids.sort(dim=1).values
            scores = candidate_scores(queries, self.items.table, ids, self.scoring)
        else:
            near = self._space.products(near, asked)
            scores, ids = _by_id(torch.from_numpy(near).to(rows.device).view(ids.shape), ids)
        keep = ~search.excluded.holds(rows[:, None], ids)
        keep[:, 1:] &= ids[:, 1:] != ids[:, :-1]
        more = ids.new_tensor(places[:, -1] >= 0, dtype=torch.bool).view(len(rows), -1).any(dim=1)
        return cut(scores.masked_fill(~keep, -torch.inf), ids, search.k), more


def _fitting(settings: IndexSettings, scoring: Scoring) -> IndexSettings:
    """Refuse the scores of codes where a score needs products that other lists hold."""
    if scoring.soft and not getattr(settings, "rescore", True):
        raise SettingsError(
            "--retrieval_args: rescore=False lists by the largest product of the codes, which is "
            "no --scoring=logsumexp; leave rescore away."
        )
    return settings


def _by_id(scores: Tensor, ids: Tensor) -> tuple[Tensor, Tensor]:
    """Sort rows by id, the best score of an id first."""
    scores, order = scores.sort(dim=1, descending=True)
    ids, by_id = ids.gather(1, order).sort(dim=1, stable=True)
    return scores.gather(1, by_id), ids

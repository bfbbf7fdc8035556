"""Search with every kind and setting, and compare with the exact lists."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from time import perf_counter
from typing import Any

import torch
from torch import Tensor

from recbole_opal.index_report.queries import Queries
from recbole_opal.index_report.settings_swept import settings_swept
from recbole_opal.retrieval import MAXIMUM, ApproximateIndex, Retriever, Scoring, make_retriever
from recbole_opal.retrieval.faiss_library import import_faiss

__all__ = ["Measured", "measure_exact", "measure_kind", "recall", "using_threads"]

_ENOUGH = 0.9995
"""Recall above which more thorough settings of a kind are only slower, and not tried."""

_SHORT = 0.5  # seconds: so short a measurement is repeated
_REPEATS = 3
_CHUNK = 2**22


@dataclass(frozen=True)
class Measured:
    """One kind of search with one setting.

    Attributes:
        kind: as `--retrieval` has it.
        settings: what is not as by default, as `--retrieval_args` has it.
        recall: of the exact list's items, the share that this list has too, over the users.
        milliseconds: a user.
        build_seconds: of the index.
        bytes_per_item: of the index, beside the item vectors; of our exact search of these alone.
    """

    kind: str
    settings: Mapping[str, Any]
    recall: float
    milliseconds: float
    build_seconds: float
    bytes_per_item: float

    @property
    def name(self) -> str:
        """The kind with its settings, as `hnsw ef_search=64`."""
        return " ".join([self.kind, *(f"{key}={value}" for key, value in self.settings.items())])


def measure_exact(
    items: Tensor, queries: Queries, k: int, batch: int, scoring: Scoring = MAXIMUM
) -> tuple[Measured, Tensor]:
    """Return what our exact search takes, and its (B, k) lists."""
    retriever, built = _built("torch", items, scoring)
    lists, milliseconds = _searched(retriever, queries, k, batch)
    return Measured("torch", {}, 1.0, milliseconds, built, retriever.bytes_per_item()), lists


def measure_kind(
    kind: str,
    items: Tensor,
    queries: Queries,
    exact: Tensor,
    batch: int,
    scoring: Scoring = MAXIMUM,
) -> Iterator[Measured]:
    """Build an index and yield what each of its settings reaches, from the fastest on.

    Args:
        kind: one of `SWEPT_KINDS`.
        items: (N, D), row 0 = padding.
        queries: of B users.
        exact: (B, k) the lists of the exact search.
        batch: users that are searched at once.
        scoring: of the model.

    Raises:
        RetrievalError: Faiss is missing, or the kind needs more items than there are.
    """
    retriever, built = _built(kind, items, scoring)
    approximate = retriever if isinstance(retriever, ApproximateIndex) else None
    lists = getattr(approximate.index, "nlist", None) if approximate else None
    for settings in settings_swept(kind, lists):
        view = approximate.with_search(**settings) if approximate else retriever
        found, milliseconds = _searched(view, queries, exact.shape[1], batch)
        reached = recall(found, exact)
        yield Measured(kind, settings, reached, milliseconds, built, retriever.bytes_per_item())
        if reached >= _ENOUGH:
            return


def recall(found: Tensor, exact: Tensor) -> float:
    """Return the mean share of each row's exact items that are found; fills (0) do not count."""
    step = max(1, _CHUNK // exact.shape[1] ** 2)
    shares = []
    for start in range(0, len(exact), step):
        own, wanted = found[start : start + step], exact[start : start + step]
        there = (wanted.unsqueeze(2) == own.unsqueeze(1)).any(dim=2) & (wanted > 0)  # (R, k)
        shares.append(there.sum(dim=1) / (wanted > 0).sum(dim=1).clamp(min=1))
    return float(torch.cat(shares).mean())


@contextmanager
def using_threads(count: int, kinds: Sequence[str]) -> Iterator[None]:
    """Let torch, and Faiss where it is used, search with so many threads."""
    before = torch.get_num_threads()
    faiss = import_faiss(kinds[0]) if kinds else None
    before_faiss = faiss.omp_get_max_threads() if faiss is not None else 1
    torch.set_num_threads(count)
    try:
        if faiss is not None:
            faiss.omp_set_num_threads(count)
        yield
    finally:
        torch.set_num_threads(before)
        if faiss is not None:
            faiss.omp_set_num_threads(before_faiss)


def _built(kind: str, items: Tensor, scoring: Scoring) -> tuple[Retriever, float]:
    """Return a search over (N, D) items, and the seconds that building it took."""
    started = perf_counter()
    retriever = make_retriever(kind, items, scoring=scoring)
    return retriever, perf_counter() - started


def _searched(retriever: Retriever, queries: Queries, k: int, batch: int) -> tuple[Tensor, float]:
    """Return the (B, k) lists and the milliseconds a user, the best of a few tries."""
    parts = queries.batches(batch)
    retriever.top_k(parts[0][0], k, parts[0][1])  # the first search pays for buffers
    taken: list[float] = []
    while len(taken) < _REPEATS and sum(taken) < _SHORT:
        started = perf_counter()
        lists = [retriever.top_k(part, k, seen).ids for part, seen in parts]
        taken.append(perf_counter() - started)
    return torch.cat(lists), 1000 * min(taken) / len(queries)

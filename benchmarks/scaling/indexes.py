"""The compressed index, IVF-PQ by Faiss: building, searching, bytes, and what it misses."""

from __future__ import annotations

from statistics import median
from time import process_time
from typing import Any

import faiss

from recbole_opal.retrieval import make_retriever
from scaling.drawn import drawn_queries, drawn_vectors
from scaling.memory import Peak
from scaling.steps import INTERESTS, WIDTH

MOST_LISTS = 4_096
"""The default is 4 sqrt(N); of more items the search is in as many, which keeps building linear."""
SAMPLE, CODES = 64, 22
NPROBE = 32
_TOP, _USERS = 50, 64


def lists_of(items: int) -> int:
    """Return the number of lists of an index over so many items."""
    return min(round(4 * items**0.5), MOST_LISTS)


def measure_index(items: int, seed: int) -> dict[str, Any]:
    """Return seconds and bytes; recall is of the exact lists, as in retrieval_index.py."""
    faiss.omp_set_num_threads(1)
    table = drawn_vectors(items, WIDTH, seed)
    queries = drawn_queries(table, _USERS, INTERESTS, seed)
    truth = make_retriever("torch", table).top_k(queries, _TOP)
    started = process_time()
    chosen = {"nlist": lists_of(items), "sample": SAMPLE, "nprobe": NPROBE, "subvectors": CODES}
    with Peak() as memory:
        index: Any = make_retriever("ivf-pq", table, settings=chosen)
    built = process_time() - started
    index.top_k(queries[:2], _TOP)
    seconds = []
    for _ in range(3):
        started = process_time()
        found = index.top_k(queries, _TOP)
        seconds.append((process_time() - started) / _USERS)
    hits = (found.ids[:, :, None] == truth.ids[:, None, :]).any(dim=2)
    return {
        "build_seconds": built,
        "build_peak_bytes": memory.most["RssAnon"] - memory.before["RssAnon"],
        "seconds_a_user": median(seconds),
        "index_bytes": index.bytes_per_item() * items,
        "recall": hits.double().mean().item(),
        "lists": lists_of(items),
    }

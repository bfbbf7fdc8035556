"""The compressed index, IVF-PQ by Faiss: building, searching, bytes, and what it misses."""

from __future__ import annotations

from statistics import median
from time import process_time
from typing import Any

import faiss
from torch import Tensor

from recbole_opal.retrieval import make_retriever
from recbole_opal.retrieval.approximate import ApproximateIndex
from recbole_opal.retrieval.build_index import space_of, untrained_index
from recbole_opal.retrieval.index_settings import index_settings
from recbole_opal.retrieval.scores import ItemVectors
from scaling.drawn import drawn_queries, drawn_vectors
from scaling.memory import Peak
from scaling.steps import INTERESTS, WIDTH

MOST_LISTS = 4_096
"""The default is 4 sqrt(N); of more items the search is in as many, which keeps building linear."""
SAMPLE, CODES = 64, 22
NPROBE = 32
_PROBES = (8, NPROBE, 128)
"""4 sqrt(N) lists and 8 sqrt(N) codes in 32 of them cannot be told apart: so few and many, too."""
_TOP, _USERS = 50, 64


def lists_of(items: int) -> int:
    """Return the number of lists of an index over so many items."""
    return min(round(4 * items**0.5), MOST_LISTS)


def measure_index(items: int, seed: int) -> dict[str, Any]:
    """Return seconds and bytes; recall is of the exact lists, as in retrieval_index.py.

    Training and filling are timed apart: the one grows with the lists, the other with the items.
    """
    faiss.omp_set_num_threads(1)
    table = drawn_vectors(items, WIDTH, seed)
    queries = drawn_queries(table, _USERS, INTERESTS, seed)
    truth = make_retriever("torch", table).top_k(queries, _TOP)
    checked = ItemVectors.of(table)
    chosen = {"nlist": lists_of(items), "sample": SAMPLE, "nprobe": NPROBE, "subvectors": CODES}
    settings: Any = index_settings("ivf-pq", chosen)
    with Peak() as memory:
        space = space_of(settings, checked)
        vectors = space.items(table)
        built = untrained_index("ivf-pq", settings, checked, space)
        started = process_time()
        built.train(vectors)
        trained = process_time()
        built.add(vectors)
        filled = process_time()
    del vectors
    index = ApproximateIndex("ivf-pq", checked, settings=settings, index=built)
    found = index.top_k(queries, _TOP)
    hits = (found.ids[:, :, None] == truth.ids[:, None, :]).any(dim=2)
    searches = [
        {"nprobe": probes, "seconds_a_user": _search(index.with_search(nprobe=probes), queries)}
        for probes in _PROBES
        if probes <= lists_of(items)
    ]
    usual = {each["nprobe"]: each["seconds_a_user"] for each in searches}
    return {
        "lists": lists_of(items),
        "train_seconds": trained - started,
        "add_seconds": filled - trained,
        "build_peak_bytes": memory.most["RssAnon"] - memory.before["RssAnon"],
        "index_bytes": index.bytes_per_item() * items,
        "recall": hits.double().mean().item(),
        "nprobe": NPROBE,
        "seconds_a_user": usual[NPROBE],
        "searches": searches,
    }


def _search(index: ApproximateIndex, queries: Tensor) -> float:
    """Return seconds a user."""
    seconds = []
    for _ in range(5):
        started = process_time()
        index.top_k(queries, _TOP)
        seconds.append((process_time() - started) / len(queries))
    return median(seconds)

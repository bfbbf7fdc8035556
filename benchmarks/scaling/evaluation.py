"""The exact top-k search over all items: what evaluation and a flat index cost."""

from __future__ import annotations

from statistics import median
from time import process_time
from typing import Any

import torch

from recbole_opal.models import MODELS
from recbole_opal.retrieval import make_retriever
from recbole_opal.retrieval.scoring import Scoring
from scaling.drawn import drawn_queries, drawn_vectors
from scaling.memory import Peak
from scaling.steps import INTERESTS, WIDTH

_TOP = 50
_USERS = 64
"""The same at all sizes: what is done for each item is shared by the users of a batch."""


def measure_evaluation(items: int, seed: int) -> dict[str, Any]:
    """Return seconds a user of the default recipe's scores, the best 50, and the search's bytes."""
    table = drawn_vectors(items, WIDTH, seed)
    queries = drawn_queries(table, _USERS, INTERESTS, seed)
    scoring = Scoring(MODELS["OPAL"].Settings().temperature)
    index = make_retriever("torch", table, scoring=scoring)
    index.top_k(queries[:8], _TOP)
    seconds = []
    with Peak() as memory:
        for _ in range(3):
            started = process_time()
            found = index.top_k(queries, _TOP)
            seconds.append((process_time() - started) / _USERS)
    if not bool(torch.isfinite(found.scores).all()):
        raise RuntimeError("a list has places left")
    rise = memory.most["RssAnon"] - memory.before["RssAnon"]
    return {"seconds_a_user": median(seconds), "search_bytes": rise, "users": _USERS}

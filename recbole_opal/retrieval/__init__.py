"""Retrieval of the best items by all of a user's interests together, exact or approximate."""

from collections.abc import Mapping
from typing import Any

from torch import Tensor

from recbole_opal.retrieval.approximate import ApproximateIndex
from recbole_opal.retrieval.exact import DEFAULT_BLOCK_SIZE, ExactIndex, TopK, exact_top_k
from recbole_opal.retrieval.faiss_flat import FaissFlatIndex
from recbole_opal.retrieval.index_settings import (
    APPROXIMATE_KINDS,
    EXACT_KINDS,
    KINDS,
    index_settings,
)
from recbole_opal.retrieval.pairs import Pairs
from recbole_opal.retrieval.ranks import average_ranks
from recbole_opal.retrieval.retriever import Retriever
from recbole_opal.retrieval.scoring import MAXIMUM, Scoring

__all__ = [
    "APPROXIMATE_KINDS",
    "DEFAULT_BLOCK_SIZE",
    "EXACT_KINDS",
    "KINDS",
    "MAXIMUM",
    "ApproximateIndex",
    "ExactIndex",
    "FaissFlatIndex",
    "Pairs",
    "Retriever",
    "Scoring",
    "TopK",
    "average_ranks",
    "exact_top_k",
    "index_settings",
    "make_retriever",
]


def make_retriever(
    kind: str,
    items: Tensor,
    block_size: int = DEFAULT_BLOCK_SIZE,
    settings: Mapping[str, Any] | None = None,
    scoring: Scoring = MAXIMUM,
) -> Retriever:
    """Build the search over an item table, (N, D) with the padding in row 0.

    Args:
        kind: `torch` or `faiss`, which are exact, or an approximate one: `ivf-flat`, `ivf-pq`,
            `hnsw`, `sq8`. All but `torch` need faiss-cpu.
        items: float vectors; they stay where they are.
        block_size: items at a time in exact scans.
        settings: of an approximate kind, as `{"nprobe": 32}`; see `index_settings`.
        scoring: what makes a score of a user's inner products.

    Raises:
        SettingsError: the kind or a setting of it is unknown or out of range.
        RetrievalError: Faiss is missing, or the settings do not fit the items.
    """
    checked = index_settings(kind, settings)
    if checked is not None:
        return ApproximateIndex(kind, items, block_size, checked, scoring)
    exact = ExactIndex if kind == "torch" else FaissFlatIndex
    return exact(items, block_size, scoring)

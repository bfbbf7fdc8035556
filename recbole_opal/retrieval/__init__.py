"""Exact retrieval of the best items under the maximum over a user's interests, in plain PyTorch."""

from torch import Tensor

from recbole_opal.errors import RetrievalError
from recbole_opal.retrieval.exact import DEFAULT_BLOCK_SIZE, ExactIndex, TopK, exact_top_k
from recbole_opal.retrieval.faiss_flat import FaissFlatIndex
from recbole_opal.retrieval.pairs import Pairs
from recbole_opal.retrieval.ranks import average_ranks

__all__ = [
    "BACKENDS",
    "DEFAULT_BLOCK_SIZE",
    "ExactIndex",
    "FaissFlatIndex",
    "Pairs",
    "TopK",
    "average_ranks",
    "exact_top_k",
    "make_retriever",
]

_INDICES = {"torch": ExactIndex, "faiss": FaissFlatIndex}
BACKENDS = tuple(_INDICES)


def make_retriever(backend: str, items: Tensor, block_size: int = DEFAULT_BLOCK_SIZE) -> ExactIndex:
    """Build the search over an item table: `torch` (any device) or `faiss` (needs faiss-cpu)."""
    if backend not in _INDICES:
        raise RetrievalError(
            f"retrieval backend '{backend}' is unknown; use --retrieval=torch or faiss"
        )
    return _INDICES[backend](items, block_size)

"""Exact retrieval of the best items under the maximum over a user's interests, in plain PyTorch."""

from torch import Tensor

from recbole_opal.errors import RetrievalError
from recbole_opal.retrieval.exact import DEFAULT_BLOCK_SIZE, ExactIndex, exact_top_k
from recbole_opal.retrieval.faiss_flat import FaissFlatIndex
from recbole_opal.retrieval.ranks import average_ranks
from recbole_opal.retrieval.types import Pairs, Retriever, TopK

__all__ = [
    "BACKENDS",
    "DEFAULT_BLOCK_SIZE",
    "ExactIndex",
    "FaissFlatIndex",
    "Pairs",
    "Retriever",
    "TopK",
    "average_ranks",
    "exact_top_k",
    "make_retriever",
]

BACKENDS = ("torch", "faiss")


def make_retriever(backend: str, items: Tensor, block_size: int = DEFAULT_BLOCK_SIZE) -> Retriever:
    """Build the search over an item table: `torch` (any device) or `faiss` (needs faiss-cpu).

    Raises:
        RetrievalError: unknown backend, faiss is not installed, or a bad table.
    """
    if backend == "torch":
        return ExactIndex(items, block_size)
    if backend == "faiss":
        return FaissFlatIndex(items, block_size)
    raise RetrievalError(
        f"retrieval backend '{backend}' is unknown; use --retrieval=torch or faiss"
    )

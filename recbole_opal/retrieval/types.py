"""What a top-k search takes and gives, whatever backend does the work.

Sizes: `B` users, `K` interests, `D` width, `N` items with the padding item 0, `P` pairs.
"""

from dataclasses import dataclass
from typing import Protocol

from torch import Tensor

__all__ = ["Pairs", "Retriever", "TopK"]

Pairs = tuple[Tensor, Tensor]
"""`(rows, ids)`: two int64 tensors of shape `(P,)`, a row of the batch and an item id each."""


@dataclass(frozen=True)
class TopK:
    """The lists of a batch, best first: score descending, then item id ascending.

    Attributes:
        scores: `(B, k)` float32, the largest inner product over the interests; `-inf` marks a fill.
        ids: `(B, k)` int64 item ids, each at most once a row; 0 marks a fill, which happens only
            where fewer than `k` items are left for a row.
    """

    scores: Tensor
    ids: Tensor


class Retriever(Protocol):
    """A search for the `k` best items of each row under `max_k <interest_k, item>`.

    Every backend follows one rule, so that all give the same lists: a score is the inner product
    accumulated in float64 and rounded to float32, and equal scores rank by ascending item id, at
    the cut as well. Row 0 of the items and excluded pairs are never returned.

    Stability: stable.
    """

    def top_k(self, interests: Tensor, k: int, exclude: Pairs | None = None) -> TopK:
        """Return the `k` best items of each row, given `(B, K, D)` interests.

        More than the items left gives fills; excluded pairs may repeat, in any order.

        Raises:
            RetrievalError: shapes do not fit, or a vector is not finite.
        """
        ...

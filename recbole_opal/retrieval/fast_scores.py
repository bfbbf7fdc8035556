"""What the fast float32 pass ranks items by: scores, or something cheaper that grows with them.

A soft score is `t log S` of `S = sum_j e^(<u_j, x> / t)`, so the best items have the largest `S`:
no logarithm is needed, and the temperature divides the queries once and not each product. Nothing
overflows or vanishes as long as no product is beyond `_LARGEST` temperatures; where one could be,
scores are joined pair by pair.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from recbole_opal.retrieval.scoring import Scoring

__all__ = ["FastScores"]

_LARGEST = 80.0
"""Of 64 interests `S` then stays below 3.6e36 and above 1.8e-35, both normal float32 numbers."""


@dataclass(frozen=True)
class FastScores:
    """How the products of a batch become what is ranked, interest by interest, in place.

    Attributes:
        queries: (B, K, D), what is multiplied with items.
        hidden: what an item gets that must not be listed.
    """

    queries: Tensor
    scoring: Scoring
    summed: bool  # whether `S` is ranked, and not a score

    @classmethod
    def of(cls, queries: Tensor, scoring: Scoring, largest_norm: float) -> FastScores:
        """Choose for (B, K, D) queries and items of at most this length."""
        if not scoring.soft or queries.shape[1] == 1 or not len(queries):
            return cls(queries, scoring, summed=False)
        longest = torch.linalg.vector_norm(queries, dim=2, dtype=torch.float64).max().item()
        if longest * largest_norm > _LARGEST * scoring.temperature:
            return cls(queries, scoring, summed=False)
        return cls(queries / scoring.temperature, scoring, summed=True)

    @property
    def hidden(self) -> float:
        """Stands below every item."""
        return 0.0 if self.summed else -torch.inf

    def begin(self, products: Tensor) -> None:
        """Take the products of the first interest, in place."""
        if self.summed:
            products.exp_()

    def join(self, ranked: Tensor, products: Tensor) -> None:
        """Take another interest's products into what is ranked; they are overwritten."""
        if self.summed:
            ranked.add_(products.exp_())
        else:
            self.scoring.join(ranked, products, out=ranked)

    def scores(self, ranked: Tensor) -> Tensor:
        """Return the scores of what was ranked; -inf for what is hidden."""
        return ranked.double().log().mul(self.scoring.temperature) if self.summed else ranked

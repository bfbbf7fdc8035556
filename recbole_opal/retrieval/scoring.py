"""How a user's K inner products with an item become one score: the maximum, or a soft one."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import reduce

import torch
from torch import Tensor
from torch.nn import functional

__all__ = ["MAXIMUM", "Scoring"]

_ROUNDINGS = 8
"""Roundings of float32 that one `Scoring.join` is worth at most, relative to what it joins."""

_DEEPER = 4
"""Of 20,000 clustered unit vectors and K = 4, HNSW then finds all of the best 50 at a temperature
of 0.1 to 0.5 and 0.9997 at 1; with 2 it finds 0.992 at 0.5 and 0.938 at 1, with 1 0.91 and 0.73."""


@dataclass(frozen=True)
class Scoring:
    """`t log sum_j e^(<u_j, x> / t)` of a temperature t > 0; of 0 its limit, `max_j <u_j, x>`.

    The first is the logarithm of a mixture over interests whose weights need not sum to 1 (a
    mixture of softmaxes, Yang et al. 2018, has them normalised and each with its own sum). It lies
    between the maximum and `t log K` above it, and is the maximum itself where K = 1. A prior of
    the interests is a coordinate of the queries. Equal interests count each.
    """

    temperature: float = 0.0

    @property
    def soft(self) -> bool:
        """Whether all interests have a say, and not the best alone."""
        return self.temperature > 0

    def join(self, scores: Tensor, others: Tensor, out: Tensor | None = None) -> Tensor:
        """Return the score of two parts of the interests from those of each, all of one shape.

        Both are finite; `out` may be one of them. Nothing overflows, whatever the temperature.
        """
        if not self.soft:
            return torch.maximum(scores, others, out=out)
        greater = torch.maximum(scores, others)
        gap = (scores - others).abs_().neg_()
        return torch.add(greater, functional.softplus(gap, beta=1 / self.temperature), out=out)

    def of(self, parts: Iterable[Tensor]) -> Tensor:
        """Return the scores from the products of each interest; the first is overwritten."""
        return reduce(lambda scores, others: self.join(scores, others, out=scores), parts)

    def of_last(self, products: Tensor) -> Tensor:
        """Return the scores, (*,), of (*, K) products."""
        return reduce(self.join, products.unbind(dim=-1)) if self.soft else products.amax(dim=-1)

    def deepening(self, interests: int) -> int:
        """Return how many times as deep as for the maximum to search each interest's own list.

        The best by a soft score need not be among the best of any interest alone.
        """
        return _DEEPER if self.soft and interests > 1 else 1

    def rounding(self, interests: int, longest: Tensor) -> Tensor:
        """Return by how much K - 1 joins of float32 products may be off, of bounds of these, (B,).

        A product that is off by e moves a score by e at most: that is not in it.
        """
        if not self.soft:
            return torch.zeros_like(longest)
        most = longest + self.temperature * (1 + math.log(interests))
        return _ROUNDINGS * (interests - 1) * 2.0**-24 * most


MAXIMUM = Scoring()

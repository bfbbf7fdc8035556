"""Label-aware attention: interests mixed by how well they fit a target (MIND)."""

from __future__ import annotations

import math

import torch
from torch import Tensor

__all__ = ["attention_weights"]

_DECIDED = 1e4
"""e to the minus this is 0 in every dtype: of two logits so far apart one has all the weight."""


def attention_weights(scores: Tensor, power: float, mixable: Tensor | None = None) -> Tensor:
    """Return `softmax_k(s_k^p)`, (B, K, W), where the power keeps the sign of its base.

    It is finite, and so is its gradient, for all scores and powers:

    - a power below 1 is infinitely steep at 0: scores nearer to 0 than the rounding of 1 lie on a
      straight line through it;
    - a great power of a score above 1 overflows: such scores are divided by what leaves the best
      power of a row at `1 / (p eps)`. It is then still one or nothing between scores that differ by
      more than some roundings, and ties share alike.

    Args:
        scores: (B, K, W) float, how well each interest fits each target.
        power: p > 0.
        mixable: (B, K) bool, the interests that may be mixed; None: all.
    """
    kind = torch.finfo(scores.dtype)
    greatest = max(1 / (power * kind.eps), _DECIDED)
    excluded = None if mixable is None else ~mixable.unsqueeze(-1)  # (B, K, 1)
    if excluded is not None:
        scores = scores.masked_fill(excluded, kind.min)
    best = scores.amax(dim=1, keepdim=True)  # (B, 1, W)
    scores = scores / (best.abs() / _root(greatest, power, kind.max)).clamp_min(1.0)
    # Twice as bad as the worst that a best one can be has the weight 0 already.
    scores = scores.clamp_min(-_root(2 * greatest, power, kind.max))
    powered = scores * scores.abs().clamp_min(kind.eps).pow(power - 1)
    if excluded is not None:
        powered = powered.masked_fill(excluded, kind.min)
    return powered.softmax(dim=1)


def _root(value: float, power: float, most: float) -> float:
    """Return `value^(1 / power)`, but no more than a dtype holds."""
    return math.exp(min(math.log(value) / power, math.log(most) - 1))

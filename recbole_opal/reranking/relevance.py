"""Scores in a unit of their own, so that a lambda means the same for every model."""

from __future__ import annotations

import torch
from torch import Tensor

__all__ = ["relevance"]


def relevance(scores: Tensor, k: int) -> Tensor:
    """Return (B, C) descending scores such that a user's best is 1 and the k-th is 0.

    ComiRec adds lambda to raw inner products, whose size is the model's: the same lambda does
    nothing to one and leaves nothing of another, and a cosine over a temperature is a third case.
    The range of the plain list is a unit that neither a factor nor an offset changes, and that does
    not depend on how many candidates there are. Where the best and the k-th are equal, the raw
    differences stay. Fills stay -inf.
    """
    real = scores > -torch.inf
    last = (real.sum(dim=1, keepdim=True) - 1).clamp(0, k - 1)
    best, worst = scores[:, :1], scores.gather(1, last)
    span = best - worst
    span = torch.where((span > 0) & span.isfinite(), span, torch.ones_like(span))
    return torch.where(real, (scores - worst) / span, scores)

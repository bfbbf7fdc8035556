"""Interests that know how much of a history they stand for, as one more dimension."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

__all__ = ["with_one", "with_share"]


def with_share(interests: Tensor, shares: Tensor, weight: float) -> Tensor:
    """Return interests, (B, K, D), with `weight * log share` behind them, (B, K, D + 1).

    An inner product with an item from `with_one` then holds it as one more summand; a share below
    float32's precision counts as that.
    """
    smallest = torch.finfo(torch.float32).eps
    prior = shares.clamp_min(smallest).log() * weight
    return torch.cat([interests, prior.unsqueeze(-1)], dim=-1)


def with_one(item_vectors: Tensor) -> Tensor:
    """Return item vectors, (*, D), with a last coordinate of 1, (*, D + 1)."""
    return functional.pad(item_vectors, (0, 1), value=1.0)

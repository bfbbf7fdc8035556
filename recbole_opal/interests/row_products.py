"""Products of each history's items with points of its own, without a vector for every pair."""

from __future__ import annotations

import torch
from torch import Tensor

from recbole_opal.interests.history import History
from recbole_opal.precision import full_precision

__all__ = ["closeness", "padded_weights", "weighted_sums"]


def padded_weights(history: History) -> Tensor:
    """Return the weights of the items, right-padded with zeros, (B, L, 1)."""
    return history.pad(history.weigh(torch.ones_like(history.vectors[:, :1])))


@full_precision
def closeness(vectors: Tensor, points: Tensor) -> Tensor:
    """Return minus half the squared distance of (B, L, D) vectors to (B, K, D) points, (B, L, K).

    What is the same for all points, the vector's own squared length, is left out.
    """
    return vectors @ points.transpose(1, 2) - points.square().sum(dim=-1).unsqueeze(1) / 2


@full_precision
def weighted_sums(weights: Tensor, vectors: Tensor) -> Tensor:
    """Return of (B, L, K) weights and (B, L, D) vectors the sums over L, (B, K, D)."""
    return weights.transpose(1, 2) @ vectors

"""Soft interests: the pre-training stage (OPAL, section 3)."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from recbole_opal.interests.history import History

__all__ = ["pool_softly"]


def pool_softly(history: History, assignment: Tensor, categories: Tensor) -> Tensor:
    """Return `z_j = normalize(sum_t p_tj x_t)`, or `o_j` where category j holds nothing.

    Args:
        history: T items of B rows, vectors of unit length.
        assignment: (T, K) float.
        categories: (K, D) float, unit length.

    Returns:
        (B, K, D) float, unit length.
    """
    mass = history.sum_by_row(assignment)  # (B, K)
    weighted = assignment.unsqueeze(-1) * history.vectors.unsqueeze(1)  # (T, K, D)
    pooled = history.sum_by_row(weighted)  # (B, K, D)
    filled = torch.where(mass.unsqueeze(-1) > 0, pooled, categories)
    return functional.normalize(filled, dim=-1)

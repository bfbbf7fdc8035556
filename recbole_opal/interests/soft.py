"""Soft interests: the pre-training stage (OPAL, section 3)."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

__all__ = ["pool_softly"]


def pool_softly(item_vectors: Tensor, assignment: Tensor, categories: Tensor) -> Tensor:
    """Return `z_j = normalize(sum_t p_tj x_t)`, or `o_j` where category j holds nothing.

    Args:
        item_vectors: (B, L, D) float, unit length.
        assignment: (B, L, K) float, zero for padding.
        categories: (K, D) float, unit length.

    Returns:
        (B, K, D) float, unit length.
    """
    mass = assignment.sum(dim=1)  # (B, K)
    pooled = torch.einsum("blk,bld->bkd", assignment, item_vectors)
    filled = torch.where(mass.unsqueeze(-1) > 0, pooled, categories)
    return functional.normalize(filled, dim=-1)

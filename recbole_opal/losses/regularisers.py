"""What keeps categories apart and in use (OPAL, CMI)."""

from __future__ import annotations

import torch
from torch import Tensor

from recbole_opal.distributed.joint import joint_mean
from recbole_opal.precision import full_precision

__all__ = ["category_shares", "orthogonality_loss", "uniformity_loss"]


@full_precision
def orthogonality_loss(categories: Tensor) -> Tensor:
    """Return `mean over (i, j) of (<o_i, o_j> - delta_ij)^2`, in [0, 1], of unit (K, D)."""
    identity = torch.eye(len(categories), dtype=categories.dtype, device=categories.device)
    return (categories @ categories.T - identity).square().mean()


@full_precision
def category_shares(assignment: Tensor) -> Tensor:
    """Return each category's share of a batch's items: `f_j`, (K,), of a soft or hard (T, K).

    Of the joint batch, where several processes have parts of it.
    """
    return joint_mean(assignment)


@full_precision
def uniformity_loss(shares: Tensor) -> Tensor:
    """Return the coefficient of variation of the shares, std / mean, >= 0; 0 for one category.

    It speaks against the trivial solution that puts all items into one category. The authors'
    code sums the hard shares over the batch axis only, so that a balanced (L, K) table scores
    0.57 instead of 0.01; here the shares are a vector of K in both stages, as intended.

    Scaling the shares changes nothing.
    """
    if len(shares) == 1:
        return shares.new_zeros(())
    return shares.std() / shares.mean()

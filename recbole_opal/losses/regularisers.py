"""The losses that keep hyper-categories apart, in use and exclusive (OPAL, section 5)."""

from __future__ import annotations

import torch
from torch import Tensor

from recbole_opal.precision import full_precision

__all__ = ["category_shares", "orthogonality_loss", "uniformity_loss", "unique_loss"]


@full_precision
def orthogonality_loss(categories: Tensor) -> Tensor:
    """Return `mean over (i, j) of (<o_i, o_j> - delta_ij)^2`, in [0, 1].

    Args:
        categories: (K, D) float, unit length.
    """
    identity = torch.eye(len(categories), dtype=categories.dtype, device=categories.device)
    return (categories @ categories.T - identity).square().mean()


@full_precision
def category_shares(assignment: Tensor) -> Tensor:
    """Return each category's share of all items of a batch: `f_j`, (K,) float.

    Args:
        assignment: (T, K) float, soft, or hard with the rest zeroed; T >= 1.
    """
    return assignment.mean(dim=0)


@full_precision
def uniformity_loss(shares: Tensor) -> Tensor:
    """Return the coefficient of variation of the shares, std / mean, >= 0; 0 for one category.

    It speaks against the trivial solution that puts all items into one category. The authors'
    code sums the hard shares over the batch axis only, so that a balanced (L, K) table scores
    0.57 instead of 0.01; here the shares are a vector of K in both stages, as intended.

    Args:
        shares: (K,) float; scaling them changes nothing.
    """
    if len(shares) == 1:
        return shares.new_zeros(())
    return shares.std() / shares.mean()


@full_precision
def unique_loss(assignment: Tensor) -> Tensor:
    """Return `-mean_t log max_j p_tj`, >= 0: small where each item has one category only.

    Args:
        assignment: (T, K) float, T >= 1.
    """
    return -assignment.amax(dim=-1).log().mean()

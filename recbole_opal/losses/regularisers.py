"""What keeps hyper-categories apart, in use and exclusive (OPAL), and attention even (REMI)."""

from __future__ import annotations

import torch
from torch import Tensor

from recbole_opal.precision import full_precision

__all__ = [
    "attention_variation",
    "category_shares",
    "orthogonality_loss",
    "uniformity_loss",
    "unique_loss",
]


@full_precision
def orthogonality_loss(categories: Tensor) -> Tensor:
    """Return `mean over (i, j) of (<o_i, o_j> - delta_ij)^2`, in [0, 1], of unit (K, D)."""
    identity = torch.eye(len(categories), dtype=categories.dtype, device=categories.device)
    return (categories @ categories.T - identity).square().mean()


@full_precision
def category_shares(assignment: Tensor) -> Tensor:
    """Return each category's share of a batch's items: `f_j`, (K,), of a soft or hard (T, K)."""
    return assignment.mean(dim=0)


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


@full_precision
def unique_loss(assignment: Tensor) -> Tensor:
    """Return `-mean_t log max_j p_tj`, >= 0: small where each item has one category only."""
    return -assignment.amax(dim=-1).log().mean()


@full_precision
def attention_variation(attention: Tensor, mask: Tensor) -> Tensor:
    """Return `mean_b sum_k (sum_t (a_btk - mean_t a_btk)^2)^2`, in [0, K); 0 for even attention.

    Source: REMI's routing regularisation: `|diag(C)|^2` of the covariance C of the attention of a
    user's interests. Its code divides C by the width D of the vectors, takes the mean over padding
    too, and sums over the batch, so that lambda = 100 belongs to batches of 128 and D = 64. Here a
    row's sum of squared deviations is left whole (in [0, 1): 1 - 1/n for attention on one of n
    items), only items count, and rows are averaged: that lambda then is 100 * 128 / 64^2 = 3.125.

    Args:
        attention: (B, L, K) float, sums to 1 over the items of a row, 0 for padding.
        mask: (B, L) bool, True where there is an item.
    """
    real = mask.unsqueeze(-1)  # (B, L, 1)
    mean = attention.sum(dim=1, keepdim=True) / real.sum(dim=1, keepdim=True).clamp_min(1)
    variation = ((attention - mean) * real).square().sum(dim=1)  # (B, K)
    return variation.square().sum(dim=-1).mean()

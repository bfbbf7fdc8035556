"""What keeps an interest from attending to a single item (REMI's routing regularisation)."""

from __future__ import annotations

from torch import Tensor

from recbole_opal.precision import full_precision

__all__ = ["routing_variation"]


@full_precision
def routing_variation(attention: Tensor, mask: Tensor) -> Tensor:
    """Return `mean_b sum_k (sum_t (a_btk - mean_t a_btk)^2)^2`, in [0, K); 0 for even attention.

    Source: Xie et al., Rethinking Multi-Interest Learning for Candidate Matching, RecSys 2023:
    `|diag(C)|^2` of the covariance C of the attention of a user's interests. Its code divides C
    by the width D of the vectors, takes the mean over padding too, and sums over the batch, so
    that lambda = 100 belongs to batches of 128 and D = 64. Here a row's sum of squared
    deviations is left whole (in [0, 1): 1 - 1/n for attention on one of n items), only items
    count, and rows are averaged: that lambda then is 100 * 128 / 64^2 = 3.125.

    Args:
        attention: (B, L, K) float, sums to 1 over the items of a row, 0 for padding.
        mask: (B, L) bool, True where there is an item.
    """
    real = mask.unsqueeze(-1)  # (B, L, 1)
    mean = attention.sum(dim=1, keepdim=True) / real.sum(dim=1, keepdim=True).clamp_min(1)
    variation = ((attention - mean) * real).square().sum(dim=1)  # (B, K)
    return variation.square().sum(dim=-1).mean()

"""Re4's backward flows, which hold interests to the items that they were made of.

Shengyu Zhang et al.: Re4: Learning to Re-contrast, Re-attend, Re-construct for Multi-interest
Recommendation. WWW 2022, arXiv:2208.08011.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from recbole_opal.distributed.joint import joint_mean, joint_ratio
from recbole_opal.precision import full_precision

__all__ = ["history_scores", "reattend_loss", "recontrast_loss", "reconstruct_loss"]


@full_precision
def history_scores(queries: Tensor, items: Tensor, *, temperature: float) -> Tensor:
    """Return how the recommender scores (B, L, D) items for each interest, (B, K, L)."""
    scores: Tensor = queries @ items.transpose(1, 2) / temperature
    return scores


@full_precision
def reattend_loss(scores: Tensor, log_attention: Tensor, mask: Tensor) -> Tensor:
    """Return `-mean_(b,k) sum_t softmax_t(s_kt) log a_kt`: attend as the recommender scores.

    Source: Re4, Re-attend: the attention of the forward flow shall agree with the criterion of
    the recommendation, so that is the cross-entropy's target. Gradients flow into both.

    Args:
        scores: (B, K, L) float, how the recommender scores each item for each interest.
        log_attention: (B, K, L) float, log of weights that sum to 1 over the last axis.
        mask: (B, L) bool, True where there is an item; every row has one.
    """
    there = mask.unsqueeze(1)
    floor = torch.finfo(scores.dtype).min
    wanted = scores.masked_fill(~there, floor).softmax(dim=-1)
    agreement = (wanted * log_attention.masked_fill(~there, 0.0)).sum(dim=-1)  # (B, K)
    return -joint_mean(agreement.flatten())


@full_precision
def recontrast_loss(
    interests: Tensor,
    items: Tensor,
    mask: Tensor,
    representative: Tensor,
    strangers: Tensor,
    stranger_mask: Tensor,
    *,
    temperature: float,
) -> Tensor:
    """Return the InfoNCE loss of each interest with the items that stand for it.

    For interest k and each representative item p: `-log e^(s_p) / (e^(s_p) + sum_n e^(s_n))`,
    s = cosine / temperature; n runs over the row's other items, its other interests and items
    of a stranger. The mean is taken over an interest's items, then over all interests that have
    any. Source: Re4, Re-contrast. In the authors' code and its ports n runs over the other
    representative items too, which pushes away what it pulls, and the mean is taken over the
    padded width, which makes it some four times smaller at the start.

    Args:
        interests: (B, K, D) float.
        items: (B, L, D) float.
        mask: (B, L) bool, True where there is an item.
        representative: (B, K, L) bool, never at padding.
        strangers: (B, S, D) float, items that are not of the row.
        stranger_mask: (B, S) bool, True where there is one.
        temperature: > 0.
    """
    axes = functional.normalize(interests, dim=-1) / temperature  # (B, K, D)
    own = axes @ functional.normalize(items, dim=-1).transpose(1, 2)  # (B, K, L)
    foreign = axes @ functional.normalize(strangers, dim=-1).transpose(1, 2)  # (B, K, S)
    between = axes @ functional.normalize(interests, dim=-1).transpose(1, 2)  # (B, K, K)
    same = torch.eye(interests.shape[1], dtype=torch.bool, device=interests.device)
    floor = torch.finfo(own.dtype).min
    negatives = torch.cat(
        [
            own.masked_fill(representative | ~mask.unsqueeze(1), floor),
            foreign.masked_fill(~stranger_mask.unsqueeze(1), floor),
            between.masked_fill(same, floor),
        ],
        dim=-1,
    )
    losses = functional.softplus(negatives.logsumexp(dim=-1, keepdim=True) - own)  # (B, K, L)
    counts = representative.sum(dim=-1)  # (B, K)
    means = losses.masked_fill(~representative, 0.0).sum(dim=-1) / counts.clamp_min(1)
    return joint_ratio(means.sum(), (counts > 0).sum())


@full_precision
def reconstruct_loss(decoded: Tensor, items: Tensor) -> Tensor:
    """Return the mean squared difference of decoded items to the true ones, 0 for none.

    Source: Re4, Re-construct, over the items that stand for the interest they are decoded from.
    The authors' code and its ports count the items that do not, and padding, as zeros in the mean,
    which makes it some four times smaller at the start.
    """
    return joint_ratio((decoded - items).square().sum(), decoded.numel())

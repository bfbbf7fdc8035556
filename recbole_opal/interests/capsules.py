"""Dynamic routing between capsules, which MIND and ComiRec-DR share, and its settings."""

from __future__ import annotations

import torch
from torch import Tensor

from recbole_opal.precision import full_precision
from recbole_opal.settings.models.capsules import CapsuleSettings

__all__ = ["CapsuleSettings", "couple", "coupled_shares", "route", "routed_coupling", "squash"]


@full_precision
def squash(vectors: Tensor) -> Tensor:
    """Return `|s|^2 / (1 + |s|^2) * s / |s|` over the last axis: the length becomes < 1."""
    squared = vectors.square().sum(dim=-1, keepdim=True)
    length = squared.clamp_min(torch.finfo(squared.dtype).tiny).sqrt()
    return squared / (1 + squared) * vectors / length


def couple(logits: Tensor, mask: Tensor, softmax: str = "interests") -> Tensor:
    """Return the coupling of each item with each interest, (B, L, K), 0 at padding.

    With "interests" it sums to 1 over the last axis elsewhere.

    Args:
        logits: (B, L, K) float; -inf for an interest that a row does not have.
        mask: (B, L) bool, True where there is an item.
        softmax: see `CapsuleSettings.routing_softmax`; padding has no part in either.
    """
    real = mask.unsqueeze(-1)
    if softmax == "interests":
        return logits.softmax(dim=-1) * real
    floor = torch.finfo(logits.dtype).min
    return logits.clamp_min(floor).masked_fill(~real, floor).softmax(dim=1) * real


def routed_coupling(
    predictions: Tensor,
    logits: Tensor,
    mask: Tensor,
    rule: CapsuleSettings,
    log_weights: Tensor | None = None,
) -> Tensor:
    """Return the coupling that routing ends with, (B, L, K); arguments as of `route`."""
    said = predictions.detach() if rule.routing_gradient == "last" else predictions
    weights: float | Tensor = 1.0
    if log_weights is not None:
        weights = log_weights.exp().unsqueeze(-1)  # (B, L, 1)
    for _ in range(rule.routing_iterations - 1):
        coupling = couple(logits, mask, rule.routing_softmax) * weights
        interests = squash(torch.einsum("blk,blkd->bkd", coupling, said))
        logits = logits + torch.einsum("blkd,bkd->blk", said, interests)
    return couple(logits, mask, rule.routing_softmax) * weights


def route(
    predictions: Tensor,
    logits: Tensor,
    mask: Tensor,
    rule: CapsuleSettings,
    log_weights: Tensor | None = None,
) -> Tensor:
    """Route items to interests, (B, K, D), lengths below 1.

    Args:
        predictions: (B, L, K, D) float, what each item says of each interest.
        logits: (B, L, K) float, where routing starts.
        mask: (B, L) bool, True where there is an item.
        rule: iterations and variants.
        log_weights: (B, L) float, of the items; the coupling of an item is taken times its weight
            in every iteration. None: all weigh 1.
    """
    coupling = routed_coupling(predictions, logits, mask, rule, log_weights)
    return squash(torch.einsum("blk,blkd->bkd", coupling, predictions))


def coupled_shares(coupling: Tensor, mask: Tensor) -> Tensor:
    """Return the part of each history that flows into each interest, (B, K); 0 without items.

    Of a coupling (B, L, K) that sums to 1 over interests, or to weights with a mean of 1 in each
    row, and its mask (B, L).
    """
    return coupling.sum(dim=1) / mask.sum(dim=1, keepdim=True).clamp_min(1)

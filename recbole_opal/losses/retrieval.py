"""The recommendation loss: several future targets against shared negatives (OPAL, section 5)."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional

from recbole_opal.losses.attention import mix_interests
from recbole_opal.losses.matching import best_inner_products
from recbole_opal.precision import full_precision

__all__ = ["Routing", "retrieval_loss", "target_columns"]

Routing = Literal["candidate", "target", "attention"]


def target_columns(target_ids: Tensor, negative_ids: Tensor) -> Tensor:
    """Find each target among the negatives.

    Args:
        target_ids: (B, W) int64.
        negative_ids: (M,) int64, ascending and distinct.

    Returns:
        (B, W) int64 column of the negative that is this target, M where there is none.
    """
    last = len(negative_ids) - 1
    columns = torch.searchsorted(negative_ids, target_ids)
    found = negative_ids[columns.clamp_max(last)] == target_ids
    return torch.where(found, columns, len(negative_ids))


@full_precision
def retrieval_loss(
    interests: Tensor,
    targets: Tensor,
    target_mask: Tensor,
    negatives: Tensor,
    *,
    temperature: float,
    own_columns: Tensor,
    negative_weights: Tensor,
    target_correction: Tensor | float = 0.0,
    routing: Routing = "candidate",
    hardness: float = 0.0,
    attention_power: float = 1.0,
    mixable: Tensor | None = None,
) -> Tensor:
    """Return the cross-entropy of each target against the negatives, averaged over rows.

    A row's loss is the mean over its targets, so that every user counts the same (OPAL draws
    one target of all that follow; the mean is its expectation where W reaches to the end). All
    W targets share one sum over the negatives. A negative that is one of the row's own targets
    is left out of the row's sum.

    Args:
        interests: (B, K, D) float.
        targets: (B, W, D) float.
        target_mask: (B, W) bool, True where there is a target; a row without one is left out.
        negatives: (M, D) float.
        temperature: > 0, divides all inner products.
        own_columns: (B, W) int64, see `target_columns`.
        negative_weights: (M,) float, added to the negatives' logits.
        target_correction: taken off the targets' logits, (B, W) or a number.
        routing: "candidate" takes the best interest for each candidate, target and negative
            alike, the rule of serving (OPAL); "target" takes the target's best interest for
            its negatives too (ComiRec); "attention" mixes the interests by how well they fit
            the target and scores the negatives with the mixture (MIND's label-aware attention).
        hardness: beta >= 0 of REMI's importance weights: a negative of logit s counts
            `e^(beta s)` over the mean of that, so that hard ones count more; 0 = all alike.
        attention_power: p > 0 of label-aware attention, see `mix_interests`; towards infinity it
            is "target".
        mixable: (B, K) bool, the interests that "attention" may mix; None: all.
    """
    target_scores = torch.einsum("bkd,bwd->bkw", interests, targets) / temperature
    blocked = _blocked(own_columns, len(negatives))  # (B, M) bool

    def partition(scores: Tensor) -> Tensor:
        return _log_sum(scores / temperature, negative_weights, blocked, hardness)  # (B,)

    if routing == "candidate":
        total = partition(best_inner_products(interests, negatives)).unsqueeze(-1)  # (B, 1)
        best = target_scores.amax(dim=1)  # (B, W)
    elif routing == "target":
        sums = [partition(own @ negatives.T) for own in interests.unbind(dim=1)]
        best, winner = target_scores.max(dim=1)  # (B, W)
        total = torch.stack(sums, dim=-1).gather(1, winner)  # (B, W)
    else:
        # A score of padding is 0, where a power below 1 is infinitely steep.
        real_scores = target_scores.masked_fill(~target_mask.unsqueeze(1), 1.0)
        mixed = mix_interests(interests, real_scores, attention_power, mixable)  # (B, W, D)
        best = (mixed * targets).sum(dim=-1) / temperature  # (B, W)
        total = torch.stack([partition(own @ negatives.T) for own in mixed.unbind(dim=1)], dim=-1)
    losses = functional.softplus(total - (best - target_correction))  # (B, W)
    counts = target_mask.sum(dim=-1, keepdim=True)  # (B, 1)
    weights = target_mask / counts.clamp_min(1)
    rows = (losses.masked_fill(~target_mask, 0.0) * weights).sum(dim=-1)  # (B,)
    return rows.sum() / (counts > 0).sum().clamp_min(1)


def _log_sum(logits: Tensor, weights: Tensor, blocked: Tensor, hardness: float) -> Tensor:
    """Return the log of each row's sum over the negatives, (B,), from logits (B, M)."""
    floor = torch.finfo(logits.dtype).min
    if hardness == 0:
        return (logits + weights).masked_fill(blocked, floor).logsumexp(dim=-1)
    # Gradients flow through the importance weights too, as in the authors' code.
    harder = ((1 + hardness) * logits + weights).masked_fill(blocked, floor).logsumexp(dim=-1)
    mean = (hardness * logits + weights).masked_fill(blocked, floor).logsumexp(dim=-1)
    count = weights.expand_as(logits).masked_fill(blocked, floor).logsumexp(dim=-1)
    return harder - (mean - count)


def _blocked(columns: Tensor, num_negatives: int) -> Tensor:
    """Mark the negatives that are targets of their row: (B, M) bool."""
    marks = torch.zeros(len(columns), num_negatives + 1, dtype=torch.bool, device=columns.device)
    return marks.scatter_(1, columns, True)[:, :num_negatives]

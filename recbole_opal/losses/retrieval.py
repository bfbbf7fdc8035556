"""The recommendation loss: several future targets against shared negatives (OPAL, section 5)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional

from recbole_opal.losses.attention import attention_weights
from recbole_opal.losses.log_partition import log_sum_of_best
from recbole_opal.losses.matching import best_inner_products
from recbole_opal.losses.soft_matching import soft_inner_products
from recbole_opal.precision import full_precision

__all__ = ["Routing", "ScoringRule", "retrieval_loss", "target_columns"]

ScoringRule = Literal["maximum", "logsumexp"]
Routing = Literal["candidate", "target", "attention"]


@dataclass(frozen=True)
class _Rivals:
    """The negatives as every routing compares targets with them; see `retrieval_loss`."""

    vectors: Tensor
    weights: Tensor
    own_columns: Tensor  # (B, W) int64, the row's own targets
    temperature: float
    hardness: float

    @cached_property
    def blocked(self) -> Tensor:
        """(B, M) bool, True where a negative is one of the row's targets."""
        return _blocked(self.own_columns, len(self.vectors))

    def log_sum(self, products: Tensor) -> Tensor:
        """Return the log of each row's sum over the negatives, (B,), from products (B, M)."""
        logits, weights, beta = products / self.temperature, self.weights, self.hardness

        def summed(values: Tensor) -> Tensor:
            floor = torch.finfo(logits.dtype).min
            return values.masked_fill(self.blocked, floor).logsumexp(dim=-1)

        if beta == 0:
            return summed(logits + weights)
        # Gradients flow through the importance weights too, as in the authors' code.
        mean = summed(beta * logits + weights) - summed(weights.expand_as(logits))
        return summed((1 + beta) * logits + weights) - mean

    def log_sum_of_best(self, interests: Tensor) -> Tensor:
        """Return the same, (B,), from (B, K, D) interests, the best of which scores a negative.

        Importance weights need the logits three times; without them no (B, M) tensor of logits
        has to leave the cache.
        """
        if self.hardness > 0:
            return self.log_sum(best_inner_products(interests, self.vectors))
        scaled = interests / self.temperature
        return log_sum_of_best(scaled, self.vectors, self.weights, self.own_columns)

    def log_sums(self, queries: Tensor) -> Tensor:
        """Return the same of each of (B, Q, D) queries alone: (B, Q)."""
        if self.hardness == 0:
            scaled = queries.flatten(0, 1).unsqueeze(1) / self.temperature  # (B Q, 1, D)
            own = self.own_columns.repeat_interleave(queries.shape[1], dim=0)
            sums = log_sum_of_best(scaled, self.vectors, self.weights, own)
            return sums.view(queries.shape[:2])
        alone = [self.log_sum(query @ self.vectors.T) for query in queries.unbind(dim=1)]
        return torch.stack(alone, dim=-1)


def _score_by_candidate(interests: Tensor, fits: Tensor, rivals: _Rivals) -> tuple[Tensor, Tensor]:
    """Let each candidate, target and negative alike, have its best interest: the rule of serving.

    Returns, as all scorers: the targets' scores, (B, W), and the logs of what they are up against,
    (B, W) or (B, 1).
    """
    return fits.amax(dim=1), rivals.log_sum_of_best(interests).unsqueeze(-1)


def _score_softly(interests: Tensor, fits: Tensor, rivals: _Rivals) -> tuple[Tensor, Tensor]:
    """Let all interests score each candidate by a log-sum-exp: the rule of serving, too."""
    if rivals.hardness == 0:  # a sum over negatives and interests, in whatever order
        return fits.logsumexp(dim=1), rivals.log_sums(interests).logsumexp(dim=-1, keepdim=True)
    products = soft_inner_products(interests, rivals.vectors, rivals.temperature)  # (B, M)
    return fits.logsumexp(dim=1), rivals.log_sum(products).unsqueeze(-1)


def _score_by_target(interests: Tensor, fits: Tensor, rivals: _Rivals) -> tuple[Tensor, Tensor]:
    """Let the target's best interest score its negatives too (ComiRec)."""
    best, winner = fits.max(dim=1)  # (B, W)
    return best, rivals.log_sums(interests).gather(1, winner)


def _score_by_attention(
    interests: Tensor,
    fits: Tensor,
    rivals: _Rivals,
    targets: Tensor,
    target_mask: Tensor,
    power: float,
    mixable: Tensor | None,
) -> tuple[Tensor, Tensor]:
    """Mix the interests by how they fit the target; the mixture scores its negatives (MIND)."""
    # A score of padding is 0, where a power below 1 is infinitely steep.
    real = fits.masked_fill(~target_mask.unsqueeze(1), 1.0)
    weights = attention_weights(real, power, mixable)  # (B, K, W)
    mixed = torch.einsum("bkw,bkd->bwd", weights, interests)  # (B, W, D)
    return (mixed * targets).sum(dim=-1) / rivals.temperature, rivals.log_sums(mixed)


def target_columns(target_ids: Tensor, negative_ids: Tensor) -> Tensor:
    """Return the column of the negative that each (B, W) target is, M where there is none.

    The (M,) negatives are ascending and distinct.
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
    scoring: ScoringRule = "maximum",
    hardness: float = 0.0,
    attention_power: float = 1.0,
    mixable: Tensor | None = None,
    target_decay: float = 1.0,
) -> Tensor:
    """Return the cross-entropy of each target against the negatives, averaged over rows.

    A row's loss is the mean over its targets, so that every user counts the same (OPAL draws
    one target of all that follow; the mean is its expectation where W reaches to the end). That
    nearer targets may weigh more is ours. All W targets share one sum over the negatives. A
    negative that is one of the row's own targets is left out of the row's sum.

    Args:
        interests: (B, K, D) float.
        targets: (B, W, D) float.
        target_mask: (B, W) bool, True where there is a target; a row without one is left out.
        negatives: (M, D) float.
        temperature: divides all inner products.
        own_columns: (B, W) int64, see `target_columns`.
        negative_weights: (M,) float, added to the negatives' logits.
        target_correction: taken off the targets' logits, (B, W) or a number.
        routing: see the scorer of this name.
        scoring: with routing "candidate", what makes an item's score of its K products.
        hardness: beta of REMI's importance weights: a negative of logit s counts `e^(beta s)` over
            the mean of that; 0 = all alike.
        attention_power: p, see `attention_weights`; towards infinity "attention" is "target".
        mixable: (B, K) bool, the interests that "attention" may mix; None: all.
        target_decay: what a target weighs, over the one before it; 1: all alike.
    """
    fits = torch.einsum("bkd,bwd->bkw", interests, targets) / temperature
    rivals = _Rivals(negatives, negative_weights, own_columns, temperature, hardness)
    if routing == "candidate":
        soft = scoring == "logsumexp" and interests.shape[1] > 1
        score = _score_softly if soft else _score_by_candidate
        scores, total = score(interests, fits, rivals)
    elif routing == "target":
        scores, total = _score_by_target(interests, fits, rivals)
    else:
        scores, total = _score_by_attention(
            interests, fits, rivals, targets, target_mask, attention_power, mixable
        )
    losses = functional.softplus(total - (scores - target_correction))  # (B, W)
    rows = _weighted_mean(losses, target_mask, target_decay)  # (B,)
    return rows.sum() / target_mask.any(dim=-1).sum().clamp_min(1)


def _weighted_mean(losses: Tensor, mask: Tensor, decay: float) -> Tensor:
    """Return the mean of each row's losses, nearer targets weighing more; 0 without targets.

    Padding is on the right, so that a row with targets has the nearest one, which weighs 1.
    """
    places = torch.arange(mask.shape[1], dtype=losses.dtype, device=losses.device)
    weights = mask * decay**places  # (B, W)
    weights = weights / weights.sum(dim=-1, keepdim=True).clamp_min(1)
    return (losses.masked_fill(~mask, 0.0) * weights).sum(dim=-1)


def _blocked(columns: Tensor, num_negatives: int) -> Tensor:
    """Mark the negatives that are targets of their row: (B, M) bool."""
    marks = torch.zeros(len(columns), num_negatives + 1, dtype=torch.bool, device=columns.device)
    return marks.scatter_(1, columns, True)[:, :num_negatives]

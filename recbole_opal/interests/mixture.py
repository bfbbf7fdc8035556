"""A mixture of K Gaussians over the items of each history, by expectation and maximisation.

Arthur Dempster, Nan Laird, Donald Rubin: Maximum Likelihood from Incomplete Data via the EM
Algorithm. Journal of the Royal Statistical Society B 39, 1977. On the unit sphere: Arindam
Banerjee, Inderjit Dhillon, Joydeep Ghosh, Suvrit Sra: Clustering on the Unit Hypersphere using von
Mises-Fisher Distributions. JMLR 6, 2005.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from recbole_opal.interests.history import History
from recbole_opal.interests.row_best import best_of_rows
from recbole_opal.interests.row_products import closeness, padded_weights, weighted_sums
from recbole_opal.interests.unit import unit_length

__all__ = ["MixedHistories", "MixtureSettings", "fit_mixtures", "one_mean"]

_NOTHING = 1e-6
"""A squared distance up to it is none, and a cluster that holds so much of an item is empty."""
_TIE = 1e-3


@dataclass(frozen=True)
class MixtureSettings:
    """How mixtures are fitted."""

    clusters: int  # K, >= 1
    variance: float  # of a cluster in each direction, > 0; unit vectors: 1 / concentration
    iterations: int  # of EM, >= 1
    unrolled: int  # how many of the last ones gradients pass, >= 1
    farthest: bool  # start from items far apart; False: from the newest ones
    unit: bool  # whether items, and so the means, have unit length


@dataclass(frozen=True)
class MixedHistories:
    """The mixtures of a batch after their last iteration."""

    # (B, K, D) float, the means; of clusters that a row does not have, copies of its first
    interests: Tensor
    shares: Tensor  # (B, K) float, rows sum to 1, 0 for copies and for an empty row
    active: Tensor  # (B, K) bool, which clusters a row has, at least one
    assignment: Tensor  # (T, K) float, how the items belong to clusters, rows sum to 1


def fit_mixtures(history: History, settings: MixtureSettings) -> MixedHistories:
    """Fit each row's own mixture, all rows together.

    All clusters have one spherical variance, which is given; means and shares are fitted:
    `r_tk ~ pi_k exp(-|x_t - m_k|^2 / (2 variance))`, then `pi_k` and `m_k` are the share and the
    mean of what belongs to k, items counted by their weights. With unit vectors the mean is brought
    back to the sphere, which makes it a von Mises-Fisher mixture of concentration `1 / variance`;
    either way no iteration lowers the likelihood. The start is deterministic, and a row of fewer
    than K different items has as many clusters. Gradients pass the last `unrolled` iterations.
    """
    with torch.no_grad():
        means, active = _start(history, settings)
        shares = active / active.sum(dim=-1, keepdim=True)
        for _ in range(settings.iterations - settings.unrolled):
            means, shares, assignment = _iterate(history, means, shares, active, settings)
    for _ in range(min(settings.unrolled, settings.iterations)):
        means, shares, assignment = _iterate(history, means, shares, active, settings)
    means = torch.where(active.unsqueeze(-1), means, means[:, :1])
    return MixedHistories(means, shares, active, assignment)


def one_mean(history: History, unit: bool) -> MixedHistories:
    """Return the mixtures of a single cluster, whose mean needs no fit."""
    there = (history.lengths > 0).to(history.vectors.dtype)
    sums = history.sum_by_row(history.weigh(history.vectors))
    mean = (sums / history.lengths.clamp_min(1).unsqueeze(-1)).unsqueeze(1)  # (B, 1, D)
    active = torch.ones_like(there, dtype=torch.bool).unsqueeze(-1)
    every = torch.ones_like(history.vectors[:, :1])
    return MixedHistories(unit_length(mean) if unit else mean, there.unsqueeze(-1), active, every)


def _start(history: History, settings: MixtureSettings) -> tuple[Tensor, Tensor]:
    """Return K different items of each row, (B, K, D), and which of them there are, (B, K) bool.

    Farthest: the item of the densest place by the mean, then always the one whose weight times
    squared distance to the nearest chosen one is greatest (Gonzalez 1985), whatever the order.
    """
    if settings.farthest:
        mean = one_mean(history, unit=False).interests[:, 0]
        # Two items are equally near to their mean: a coordinate tells them apart, not rounding.
        near = _TIE * history.vectors[:, 0] - _gaps(history, mean)
        _, first = best_of_rows(history, history.lift(near / (2 * settings.variance)))
    else:
        _, first = best_of_rows(history, history.columns().to(history.vectors.dtype))
    gaps = _gaps(history, first)
    starts, active = [first], [torch.ones_like(history.lengths, dtype=torch.bool)]
    for _ in range(settings.clusters - 1):
        scores = history.weigh(gaps)
        if not settings.farthest:
            places = history.columns().to(gaps.dtype) + 1
            scores = places.masked_fill(scores <= _NOTHING, 0.0)
        highest, item = best_of_rows(history, scores)
        starts.append(item)
        active.append(highest > _NOTHING)
        gaps = torch.minimum(gaps, _gaps(history, item))
    return torch.stack(starts, dim=1), torch.stack(active, dim=1)


def _gaps(history: History, points: Tensor) -> Tensor:
    """Return the squared distance of each item to its row's point, (T,), of (B, D) points."""
    return (history.vectors - points[history.rows]).square().sum(dim=-1)


def _iterate(
    history: History, means: Tensor, shares: Tensor, active: Tensor, settings: MixtureSettings
) -> tuple[Tensor, Tensor, Tensor]:
    """Return means, shares and the assignment that they were made of."""
    vectors, _ = history.padded()
    smallest = torch.finfo(torch.float32).eps
    logits = closeness(vectors, means) / settings.variance
    logits = logits + shares.clamp_min(smallest).log().unsqueeze(1)  # (B, L, K)
    logits = logits.masked_fill(~active.unsqueeze(1), torch.finfo(logits.dtype).min)
    assignment = logits.softmax(dim=-1)
    held = assignment * padded_weights(history)
    mass = held.sum(dim=1)  # (B, K)
    fitted = weighted_sums(held, vectors) / mass.clamp_min(_NOTHING).unsqueeze(-1)
    if settings.unit:
        fitted = unit_length(fitted)
    means = torch.where((mass > _NOTHING).unsqueeze(-1), fitted, means)
    shares = mass / mass.sum(dim=-1, keepdim=True).clamp_min(_NOTHING)
    return means, shares, assignment[history.rows, history.columns()]

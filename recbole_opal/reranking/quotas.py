"""How many places of a list belong to each interest."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from recbole_opal.reranking.candidates import Candidates
from recbole_opal.reranking.knobs import Reranking

__all__ = ["apportion", "best_in_places", "places_of"]


def places_of(candidates: Candidates, k: int, how: Reranking) -> Tensor:
    """Return the places of a list of k that each interest has at least, (B, K) int64.

    An interest is in use if the user has it and it stands for a part of the history. `per_interest`
    gives each of them so many, `by_share` its share of so much of the list; the larger counts. What
    does not fit into k is cut in proportion, and no interest has more places than candidates.
    """
    used = candidates.active & (candidates.shares > 0)  # (B, K)
    places = used * how.per_interest
    if how.by_share > 0:
        whole = round(how.by_share * k)
        places = torch.maximum(places, apportion(candidates.shares * used, whole))
    too_many = places.sum(dim=1) > k
    if bool(too_many.any()):
        # Of equal needs the larger share keeps its place.
        needs = places[too_many] + 1e-6 * (candidates.shares * used)[too_many]
        places[too_many] = apportion(needs, k)
    real = candidates.ids > 0
    one_hot = functional.one_hot(candidates.interests, used.shape[1])  # (B, C, K)
    return torch.minimum(places, (one_hot * real.unsqueeze(-1)).sum(dim=1))


def apportion(weights: Tensor, whole: int) -> Tensor:
    """Share `whole` places out by (B, K) weights from 0: (B, K) int64, by the largest remainder.

    Equal remainders go to the larger weight, then to the lower place; a row without weight gets
    nothing. Also known as Hamilton's method.
    """
    total = weights.sum(dim=1, keepdim=True, dtype=torch.float64)
    # Rounded, so that float32 shares make neither 2.9999999 of 3 nor one of two equal remainders
    # the larger.
    exact = (weights.double() / total.masked_fill(total == 0, 1.0) * whole).round(decimals=6)
    places = exact.floor()
    left = torch.where(total > 0, whole - places.sum(dim=1, keepdim=True), 0.0)
    by_weight = weights.argsort(dim=1, descending=True, stable=True)
    remainders = (exact - places).round(decimals=5).gather(1, by_weight)
    order = by_weight.gather(1, remainders.argsort(dim=1, descending=True, stable=True))
    rank = torch.empty_like(order).scatter_(
        1, order, torch.arange(order.shape[1], device=order.device).expand_as(order)
    )
    more: Tensor = (rank < left) & (weights > 0)
    return places.long() + more


def best_in_places(real: Tensor, interests: Tensor, places: Tensor, k: int) -> Tensor:
    """Return the columns of the best lists that keep to the places, (B, min(k, C)) int64 ascending.

    Each interest's first candidates take its places, the first of the others what is free: no list
    has better items, since such lists are a matroid. -1, at the end = none left.

    Args:
        real: (B, C) bool, which of the candidates there are, the best first.
        interests: (B, C) int64 in [0, K), whose place a candidate takes.
        places: (B, K) int64, as `places_of` returns them.
        k: the length of a list.
    """
    of_interest = functional.one_hot(interests, places.shape[1]) * real.unsqueeze(-1)  # (B, C, K)
    order = of_interest.cumsum(dim=1).gather(2, interests.unsqueeze(-1)).squeeze(-1)  # from 1
    owed = real & (order <= places.gather(1, interests))
    others = real & ~owed
    taken = owed | (others & (others.cumsum(dim=1) <= k - owed.sum(dim=1, keepdim=True)))
    columns = (~taken).to(torch.int8).argsort(dim=1, stable=True)[:, :k]  # those taken first
    return columns.masked_fill(~taken.gather(1, columns), -1)

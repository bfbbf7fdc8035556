"""The greedy choice: place after place, what adds most, with places kept for interests.

Source of the objective: Y. Cen et al., Controllable multi-interest framework for recommendation
(ComiRec), KDD 2020, section 3.3, aggregation module: the set S that maximises
`sum_i f(u, i) + lambda sum_(i, j) [no common category]`, found greedily.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from recbole_opal.reranking.categories import Alikeness

__all__ = ["choose"]


_INF = torch.inf


def choose(
    values: Tensor,
    k: int,
    *,
    interests: Tensor,
    places: Tensor | None,
    alike: Alikeness | None = None,
    penalty: float = 0.0,
) -> Tensor:
    """Return the columns of the candidates chosen, (B, min(k, C)) int64 in order; -1 = none left.

    A candidate is worth its value less `penalty` for each chosen one that it is alike to: the gain
    of the objective up to what is the same for all. Equal ones go by their column. While places are
    free any candidate may have them; once all that are left are owed to interests, those interests'
    candidates alone. Without a penalty that is the best list by value among all that keep to
    the places, since such lists are a matroid. All users are done at once, in `O(B C)` a place.

    Args:
        values: (B, C) float; -inf = no candidate.
        k: how many to choose.
        interests: (B, C) int64 in [0, K), whose place a candidate takes.
        places: (B, K) int64, kept for each interest, no more than it has candidates and at most k
            in all; None: none are kept.
        alike: which candidates share a category; None: none do.
        penalty: lambda, for each pair that shares one (each counts once, as in the authors' code).
    """
    worth = values.clone()
    owed = None if places is None else places.clone()
    rows = torch.arange(len(values), device=values.device)
    steps = min(k, values.shape[1])
    # A list that comes out shorter than k has fewer places to give.
    left = (values > -_INF).sum(dim=1).clamp_max(steps)
    chosen = []
    for _ in range(steps):
        candidates = (
            worth if owed is None else worth.masked_fill(_closed(owed, left, interests), -_INF)
        )
        best, columns = candidates.max(dim=1)  # the first of equals
        found = best > -_INF
        chosen.append(columns.masked_fill(~found, -1))
        worth[rows, columns] = -_INF
        if alike is not None:
            worth -= penalty * alike.to_chosen(columns)
        if owed is not None:
            owed -= functional.one_hot(interests[rows, columns], owed.shape[1])
            owed.clamp_min_(0)
            left = left - 1
    return torch.stack(chosen, dim=1)


def _closed(owed: Tensor, left: Tensor, interests: Tensor) -> Tensor:
    """Return (B, C) bool, whose interest is owed nothing where all places left are owed."""
    bound = owed.sum(dim=1) >= left  # (B,)
    return bound.unsqueeze(1) & (owed.gather(1, interests) == 0)

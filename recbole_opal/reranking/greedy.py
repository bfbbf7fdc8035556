"""The greedy choice: place after place, what adds most, with places kept for interests.

Source of the objective: Y. Cen et al., Controllable multi-interest framework for recommendation
(ComiRec), KDD 2020, section 3.3, aggregation module: the set S that maximises
`sum_i f(u, i) + lambda sum_(i, j) [no common category]`, found greedily.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from recbole_opal.reranking.categories import Alikeness

__all__ = ["choose"]

IntArray = npt.NDArray[np.int64]


def choose(
    values: npt.NDArray[np.float32],
    k: int,
    *,
    alike: Alikeness,
    penalty: float,
    interests: IntArray,
    places: IntArray | None,
) -> IntArray:
    """Return the columns of the candidates chosen, (B, min(k, C)) in order; -1 = none left.

    A candidate is worth its value less `penalty` for each chosen one that it is alike to: the gain
    of the objective up to what is the same for all. Equal ones go by their column. While places are
    free any candidate may have them; once all that are left are owed to interests, those interests'
    candidates alone. All users are done at once, in `O(B C)` a place; in numpy, whose calls cost a
    third of torch's where one user is asked for.

    Args:
        values: (B, C) float; -inf = no candidate.
        k: how many to choose.
        alike: which candidates share a category.
        penalty: lambda, for each pair that shares one (each counts once, as in the authors' code).
        interests: (B, C) in [0, K), whose place a candidate takes.
        places: (B, K), kept for each interest, no more than it has candidates and at most k in all;
            None: none are kept.
    """
    worth, weight = values.copy(), np.float32(penalty)
    owed = None if places is None else places.copy()
    rows, steps = np.arange(len(values)), min(k, values.shape[1])
    # A list that comes out shorter than k has fewer places to give.
    places_left = np.minimum((values > -np.inf).sum(axis=1), steps)  # (B,)
    chosen = np.full((len(values), steps), -1)
    for step in range(steps):
        open_ = worth
        if owed is not None and (bound := owed.sum(axis=1) >= places_left - step).any():
            closed = bound[:, None] & (np.take_along_axis(owed, interests, axis=1) == 0)
            open_ = np.where(closed, -np.inf, worth)
        columns = open_.argmax(axis=1)  # the first of equals
        chosen[:, step] = np.where(open_[rows, columns] > -np.inf, columns, -1)
        worth[rows, columns] = -np.inf
        worth -= weight * alike.to_chosen(rows, columns)
        if owed is not None:
            winners = interests[rows, columns]
            owed[rows, winners] = np.maximum(owed[rows, winners] - 1, 0)
    return chosen

"""What the saved lists of the test part tell beyond the metrics: recall at each length, overlap."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from recbole_opal.report.grouping import FloatArray, IntArray, positions

__all__ = ["Overlap", "list_overlap", "recall_curve"]

_PERSISTENCE = 0.9  # of rank-biased overlap: the best 10 carry about 86 % of its weight
_PIECE = 4096  # users at once

Arrays = Mapping[str, npt.NDArray[Any]]


class Overlap(NamedTuple):
    """How alike two rows' lists are, in the mean over users; each is 1 for equal lists.

    Attributes:
        jaccard: common items over all items of both lists.
        rank_biased: the same with more weight on the best places.
    """

    jaccard: float
    rank_biased: float


def recall_curve(lists: Arrays, targets: Arrays, lengths: Sequence[int]) -> FloatArray | None:
    """Return the mean recall over users at each of the list lengths, none longer than the lists.

    As the metric `recall`: of each user the share of distinct targets found. None where no user
    with a list has a target.
    """
    users, items = lists["user_id"], lists["items"].astype(np.int64)
    rows = positions(targets["user_id"], users)
    count = int(max(items.max(initial=0), targets["item"].max(initial=0))) + 1
    wanted = np.unique((rows * count + targets["item"])[rows >= 0])
    totals = np.bincount(wanted // count, minlength=len(users))
    hits = np.isin(np.arange(len(users))[:, None] * count + items, wanted) & (items > 0)
    found = np.cumsum(hits, axis=1)[:, np.array(lengths) - 1]
    asked = totals > 0
    if not asked.any():
        return None
    means: FloatArray = (found[asked] / totals[asked, None]).mean(axis=0)
    return means


def list_overlap(one: IntArray, other: IntArray) -> Overlap:
    """Return how alike two models' lists are, (E, k) item ids each, of the same users; 0 is fill.

    Rank-biased overlap (Webber, Moffat and Zobel, ACM TOIS 2010) at p = 0.9, extrapolated from k
    places (their equation 32).
    """
    depths = np.arange(1, one.shape[1] + 1)
    weights = _PERSISTENCE**depths
    jaccard, biased = [], []
    for start in range(0, len(one), _PIECE):
        here, there = one[start : start + _PIECE], other[start : start + _PIECE]
        common = _common(here, there)  # (e, k) at each depth
        union = (here > 0).sum(axis=1) + (there > 0).sum(axis=1) - common[:, -1]
        jaccard.append(common[:, -1] / np.maximum(union, 1))
        agreement = common / depths
        summed = (agreement * weights).sum(axis=1) * (1 - _PERSISTENCE) / _PERSISTENCE
        biased.append(agreement[:, -1] * weights[-1] + summed)
    return Overlap(float(np.concatenate(jaccard).mean()), float(np.concatenate(biased).mean()))


def _common(one: IntArray, other: IntArray) -> FloatArray:
    """Return (e, k), how many items the first 1, 2, ... k places of both lists share."""
    (users, k), count = one.shape, int(max(one.max(), other.max())) + 1
    owners = np.arange(users)[:, None] * count
    places = [np.flatnonzero(each.ravel() > 0) for each in (one, other)]
    keys = [(owners + each).ravel()[at] for each, at in zip((one, other), places, strict=True)]
    # Where an item is listed twice, its first place counts.
    _, first, second = np.intersect1d(keys[0], keys[1], return_indices=True)
    here, there = places[0][first], places[1][second]
    # An item is common from the later of its two places on.
    later = here // k * k + np.maximum(here % k, there % k)
    new = np.bincount(later, minlength=users * k).reshape(users, k)
    common: FloatArray = np.cumsum(new, axis=1).astype(np.float64)
    return common

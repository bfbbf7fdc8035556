"""How accurate two ways to make lists are where their lists are equally diverse."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from recbole_opal.errors import DataError
from recbole_opal.evaluation.metric import FloatArray
from recbole_opal.report.tradeoffs import TradeoffCurve
from recbole_opal.statistics.paired import PairedDifference, paired_differences

__all__ = ["AtEqualDiversity", "at_equal_diversity", "verdict"]

_GRID = 20  # levels of diversity, half of them in each half of the range
_RESAMPLES = 2000  # a page makes some hundred comparisons


@dataclass(frozen=True)
class AtEqualDiversity:
    """The differences of one curve to another, over the diversity that both reach.

    Attributes:
        low: the least diversity both reach.
        high: the most.
        whole: the mean difference over the range, with the interval over users.
        near: of its less diverse half, where lists are closest to the plain ones.
        far: of its more diverse half.
    """

    low: float
    high: float
    whole: PairedDifference
    near: PairedDifference
    far: PairedDifference


def at_equal_diversity(
    one: TradeoffCurve, other: TradeoffCurve, measure: str
) -> AtEqualDiversity | None:
    """Compare two curves over the users of both; None where no diversity is reached by both.

    Between the settings of a knob, accuracy and diversity are taken to change together in a
    straight line. The accuracy of each user is averaged over the middles of 20 equal parts of the
    shared range; users are then compared in pairs. The levels are held fixed in the bootstrap.
    """
    ways = one.diversity[measure], other.diversity[measure]
    low, high = np.max([way.min() for way in ways]), np.min([way.max() for way in ways])
    if not low < high:  # NaN too: no list has a diversity
        return None
    levels = low + (high - low) * (np.arange(_GRID) + 0.5) / _GRID
    users, here, there = np.intersect1d(
        np.asarray(one.tokens), np.asarray(other.tokens), return_indices=True
    )
    values = [
        _parts(_shares(way, levels) @ curve.accuracy[:, places])
        for way, curve, places in zip(ways, (one, other), (here, there), strict=True)
    ]
    if len(users) < 2:
        return None
    try:
        found = paired_differences(*values, resamples=_RESAMPLES)
    except DataError:  # none of the users has a value
        return None
    return AtEqualDiversity(float(low), float(high), **found)


def verdict(difference: PairedDifference) -> str:
    """Return `better`, `worse` or `no difference`, as the 95 % interval excludes 0 or not."""
    if difference.low > 0:
        return "better"
    return "worse" if difference.high < 0 else "no difference"


def _parts(accuracy: FloatArray) -> dict[str, FloatArray]:
    """Return each user's mean over all of (L, U) levels, and over each half."""
    half = len(accuracy) // 2
    parts = {"whole": accuracy, "near": accuracy[:half], "far": accuracy[half:]}
    return {name: part.mean(axis=0) for name, part in parts.items()}


def _shares(way: FloatArray, levels: FloatArray) -> FloatArray:
    """Return (L, P), what part each of P settings has in each level of diversity.

    A level lies between two settings, next to each other by diversity.
    """
    order = np.argsort(way, kind="stable")
    ordered, unit = way[order], np.eye(len(way))[order]
    right = np.searchsorted(ordered, levels).clip(1, len(way) - 1)
    gap = ordered[right] - ordered[right - 1]
    part = np.where(gap > 0, (levels - ordered[right - 1]) / np.where(gap > 0, gap, 1.0), 1.0)
    shares: FloatArray = (1 - part)[:, None] * unit[right - 1] + part[:, None] * unit[right]
    return shares

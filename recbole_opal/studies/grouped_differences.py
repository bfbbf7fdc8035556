"""Differences between two rows for groups of users, and whether the groups differ in them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from recbole_opal.comparison.differences import LEVEL, tested_together
from recbole_opal.comparison.result import ComparisonResult
from recbole_opal.comparison.row import Difference, Row
from recbole_opal.statistics import adjust
from recbole_opal.studies.user_groups import Grouping, UserTraits

__all__ = ["GroupedDifferences", "contrast", "grouped_differences", "users_gaps"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
_NORMAL_95 = 1.959963984540054


@dataclass(frozen=True)
class GroupedDifferences:
    """A row less its reference in each group of one grouping.

    Attributes:
        differences: a mapping a group, metric to the difference; Holm's method over all groupings.
        sizes: users of each group.
        contrast: of the first metric, the last group's difference less the first's; None where a
            group has fewer than two users.
    """

    grouping: Grouping
    differences: list[dict[str, Difference]]
    sizes: list[int]
    contrast: Difference | None


def users_gaps(
    result: ComparisonResult, row: Row, reference: Row, users: Sequence[str], metric: str
) -> FloatArray:
    """Return each user's value of a row less that of its reference, means over seeds first.

    (E,) of the users that are asked for; NaN of one whom either row does not have.
    """
    found = np.zeros(len(users))
    for sign, each in ((1, row), (-1, reference)):
        values = result.user_values(each)
        _, at, there = np.intersect1d(users, values.users, return_indices=True)
        own = np.full(len(users), np.nan)
        if metric in values.metrics:
            own[at] = values.metrics[metric].mean(axis=0)[there]
        found += sign * own
    return found


def grouped_differences(
    result: ComparisonResult,
    row: Row,
    reference: Row,
    traits: UserTraits,
    asked: Sequence[Grouping],
    metrics: Sequence[str],
) -> list[GroupedDifferences]:
    """Return the differences of every grouping, tested together."""
    gaps = {m: users_gaps(result, row, reference, traits.users, m) for m in metrics}
    inside = {
        (place, group, metric): np.where(each.groups == group, gaps[metric], np.nan)
        for place, each in enumerate(asked)
        for group in range(len(each.labels))
        for metric in metrics
    }
    ones = {key: values for key, values in inside.items() if np.isfinite(values).sum() > 1}
    told = tested_together(ones, {key: np.zeros_like(values) for key, values in ones.items()})
    contrasts = _contrasts(gaps[metrics[0]], asked)
    return [
        GroupedDifferences(
            each,
            [
                {m: told[place, group, m] for m in metrics if (place, group, m) in told}
                for group in range(len(each.labels))
            ],
            np.bincount(each.groups[each.groups >= 0], minlength=len(each.labels)).tolist(),
            contrasts[place],
        )
        for place, each in enumerate(asked)
    ]


def _contrasts(gaps: FloatArray, asked: Sequence[Grouping]) -> list[Difference | None]:
    """Return of each grouping the last group's difference less the first's, Holm over all."""
    found = [contrast(gaps[g.groups == len(g.labels) - 1], gaps[g.groups == 0]) for g in asked]
    known = [each for each in found if each is not None]
    adjusted = iter(adjust([each.p or 0.0 for each in known]).tolist())
    return [None if each is None else _marked(each, next(adjusted)) for each in found]


def _marked(each: Difference, p: float) -> Difference:
    marked = each.excludes_zero and p < LEVEL
    return each.model_copy(update={"p_adjusted": p, "marked": marked})


def contrast(one: FloatArray, other: FloatArray) -> Difference | None:
    """Return the difference of the means of two groups of users, which share nobody.

    Welch's test: a 95 % interval by the normal distribution, since groups have hundreds of users,
    and p of Welch's t-test. NaN is left out; None if a group has fewer than two users.
    """
    from scipy.stats import ttest_ind

    one, other = one[np.isfinite(one)], other[np.isfinite(other)]
    if min(len(one), len(other)) < 2:
        return None
    gap = float(one.mean() - other.mean())
    error = math.sqrt(one.var(ddof=1) / len(one) + other.var(ddof=1) / len(other))
    p = float(ttest_ind(one, other, equal_var=False).pvalue) if error > 0 else float(gap == 0)
    low, high = gap - _NORMAL_95 * error, gap + _NORMAL_95 * error
    return Difference(difference=gap, low=low, high=high, p=p, p_adjusted=p)

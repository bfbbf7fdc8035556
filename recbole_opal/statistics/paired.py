"""Paired differences between two models over the same users, and Holm's correction for many.

The interval is the percentile interval of the paired bootstrap over users. The p-value is that of
the paired t-test (`scipy.stats.ttest_1samp` of the users' differences): a bootstrap p-value cannot
fall below 1 / resamples, where a table of some hundred tests, corrected by Holm, asks for less than
1e-4; with hundreds of users the mean is normal enough for the two to agree. Sources: B. Efron,
R. Tibshirani, An introduction to the bootstrap, 1993, chapter 13; the pairing over users: T. Sakai,
Laboratory experiments in information retrieval, 2018.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from recbole_opal.errors import DataError

__all__ = ["PairedDifference", "adjust", "bootstrap_means", "paired_differences"]

Key = TypeVar("Key", bound=Hashable)
FloatArray = npt.NDArray[np.float64]

_LEVEL = 0.95
_CHUNK_COUNTS = 2**21
"""Counts held at a time, resamples x users, float64 (16 MiB)."""


@dataclass(frozen=True)
class PairedDifference:
    """How much better one model is than another, over users, with the ends of the 95 % interval.

    The effect size is Cohen's d_z, the mean difference in standard deviations of the users'
    differences; 0 where all are 0, infinite where all are the same other number.
    """

    difference: float
    low: float
    high: float
    effect_size: float
    p: float  # two-sided, of the paired t-test
    n: int  # number of users


def paired_differences(
    one: Mapping[Key, FloatArray],
    other: Mapping[Key, FloatArray],
    *,
    resamples: int = 10_000,
    seed: int = 0,
) -> dict[Key, PairedDifference]:
    """Compare two models on every metric that both have, by (S, E) or (E,) values of E users.

    A user's value is first averaged over the S seeds, which may differ in number, so users are what
    is drawn: the interval tells what other users would change, not what other seeds would (the
    table's spread tells that). Users without a value (NaN) in a run of either model are left out
    of that metric.

    Raises:
        DataError: the users differ in number, or fewer than two have a value of a metric.
    """
    gaps = {name: _gaps(name, one[name], other[name]) for name in one if name in other}
    # Metrics with values of the same users share the draws.
    groups: dict[bytes, list[Key]] = {}
    for name, gap in gaps.items():
        groups.setdefault(np.isfinite(gap).tobytes(), []).append(name)
    found = {}
    for names in groups.values():
        table = np.stack([gaps[name][np.isfinite(gaps[name])] for name in names], axis=1)  # (E, M)
        if len(table) < 2:
            raise DataError(
                f"fewer than two users have a value of {names[0]} in both models; leave it out of "
                "the comparison."
            )
        means = bootstrap_means(table, resamples, np.random.default_rng(seed))
        bounds = np.quantile(means, [(1 - _LEVEL) / 2, (1 + _LEVEL) / 2], axis=0)  # (2, M)
        for place, name in enumerate(names):
            found[name] = _summary(table[:, place], *bounds[:, place].tolist())
    return {name: found[name] for name in gaps}


def bootstrap_means(
    values: FloatArray, resamples: int, generator: np.random.Generator
) -> FloatArray:
    """Draw the E users of (E, M) values with replacement; return (resamples, M) means.

    All columns see the same draws, so that the work hardly grows with their number: a resample is
    a count of each user, and the means of all columns are one matrix product. scipy's `bootstrap`
    would draw for each column anew and gather `resamples x E` values.
    """
    users = len(values)
    means = np.empty((resamples, values.shape[1]))
    step = max(1, _CHUNK_COUNTS // users)
    counts = np.empty((min(step, resamples), users))
    for start in range(0, resamples, step):
        rows = min(step, resamples - start)
        for row in range(rows):
            drawn = generator.integers(0, users, users, dtype=np.int32)
            counts[row] = np.bincount(drawn, minlength=users)
        means[start : start + rows] = counts[:rows] @ values / users
    return means


def adjust(p_values: Sequence[float] | FloatArray) -> FloatArray:
    """Return p-values such that calling all below a level holds the chance of any error there.

    Holm's step-down method: the smallest of n p-values is multiplied by n, the next by n - 1, and
    so on; none falls below the one before, none exceeds 1. It needs nothing of how the tests
    depend on each other, unlike a control of the false discovery rate, which is all that scipy
    offers. Source: S. Holm, A simple sequentially rejective multiple test procedure,
    Scandinavian Journal of Statistics 6 (1979).

    Raises:
        ValueError: a value is not in [0, 1].
    """
    given = np.asarray(p_values, dtype=np.float64)
    if not bool(((given >= 0) & (given <= 1)).all()):
        raise ValueError("p-values lie in [0, 1]; leave out tests that have none.")
    order = np.argsort(given, kind="stable")
    scaled = given[order] * np.arange(len(given), 0, -1)
    adjusted = np.empty_like(given)
    adjusted[order] = np.minimum(np.maximum.accumulate(scaled), 1.0)
    return adjusted


def _gaps(name: Hashable, one: FloatArray, other: FloatArray) -> FloatArray:
    """Return each user's difference of means over seeds; NaN in any seed is NaN."""
    left, right = (np.atleast_2d(values).mean(axis=0, dtype=np.float64) for values in (one, other))
    if len(left) != len(right):
        raise DataError(
            f"{name} has {len(left)} users in one model and {len(right)} in the other; "
            "compare runs with the same dataset, filters and eval_args."
        )
    gaps: FloatArray = left - right
    return gaps


def _summary(gaps: FloatArray, low: float, high: float) -> PairedDifference:
    # Imported here: it takes longer than all else of this package, and `gini` needs none of it.
    from scipy.stats import ttest_1samp

    mean, spread = float(gaps.mean()), float(gaps.std(ddof=1))
    if spread <= 1e-12 * abs(mean) or spread == 0:  # all the same, but for rounding
        effect, p = (0.0, 1.0) if mean == 0 else (float(np.copysign(np.inf, mean)), 0.0)
    else:
        effect, p = mean / spread, float(ttest_1samp(gaps, 0.0).pvalue)
    return PairedDifference(mean, low, high, effect, p, len(gaps))

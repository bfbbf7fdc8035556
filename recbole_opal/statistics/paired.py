"""Paired differences between two models over the same users."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from recbole_opal.errors import DataError
from recbole_opal.statistics.bootstrap import bootstrap_means
from recbole_opal.statistics.matching import match_users

__all__ = ["PairedDifference", "paired_difference", "paired_differences"]

FloatArray = npt.NDArray[np.float64]

_LEVEL = 0.95


@dataclass(frozen=True)
class PairedDifference:
    """How much better one model is than another, over users.

    Attributes:
        difference: mean over users of one less other.
        low: lower end of the 95 % interval.
        high: upper end.
        effect_size: Cohen's d_z, the mean difference in standard deviations of the users'
            differences; 0 where all are 0, infinite where all are the same other number.
        p: two-sided p-value of the paired t-test.
        n: number of users.
    """

    difference: float
    low: float
    high: float
    effect_size: float
    p: float
    n: int


def paired_difference(
    one: FloatArray,
    other: FloatArray,
    *,
    users: tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]] | None = None,
    resamples: int = 10_000,
    seed: int = 0,
) -> PairedDifference:
    """Compare two models on one metric; see `paired_differences`, which does many at once.

    Args:
        one: `(S, E)` float64, the value of each user in each seed's run, or `(E,)` for one run.
        other: `(S', E)`, the number of seeds may differ.
        users: the users of `one` and of `other`, `(E,)` each; None: they stand in the same order.
        resamples: how often users are drawn.
        seed: of the draws.

    Raises:
        DataError: the users differ, or fewer than two have a value.
    """
    found = paired_differences(
        {"metric": one}, {"metric": other}, users=users, resamples=resamples, seed=seed
    )
    return found["metric"]


def paired_differences(
    one: Mapping[str, FloatArray],
    other: Mapping[str, FloatArray],
    *,
    users: tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]] | None = None,
    resamples: int = 10_000,
    seed: int = 0,
) -> dict[str, PairedDifference]:
    """Compare two models on every metric that both have.

    A user's value is first averaged over seeds, so users are what is drawn: the interval tells
    what other users would change, not what other seeds would (the table's spread tells that).
    Users without a value (NaN) in a run of either model are left out of that metric.

    The interval is the percentile interval of the paired bootstrap over users. The p-value is that
    of the paired t-test (`scipy.stats.ttest_1samp` of the users' differences): a bootstrap p-value
    cannot fall below 1 / resamples, where a table of some hundred tests, corrected by Holm, asks
    for less than 1e-4; with hundreds of users the mean is normal enough for the two to agree.
    Source: B. Efron, R. Tibshirani, An introduction to the bootstrap, 1993, chapter 13; the pairing
    over users: T. Sakai, Laboratory experiments in information retrieval, 2018.

    Args:
        one: metric to `(S, E)` float64 (or `(E,)`), the value of each user in each seed's run.
        other: the same of the other model; the number of seeds may differ.
        users: the users of `one` and of `other`, `(E,)` each; None: they stand in the same order.
        resamples: how often users are drawn.
        seed: of the draws.

    Returns:
        Metric to difference; metrics of only one model are left out.

    Raises:
        DataError: the users differ, or fewer than two have a value of a metric.
    """
    places = None if users is None else match_users(*users)
    gaps = {
        name: _user_means(one[name]) - _in_order(_user_means(other[name]), places, name, one[name])
        for name in one
        if name in other
    }
    # Metrics with values of the same users share the draws.
    groups: dict[bytes, list[str]] = {}
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
        tails = [(1 - _LEVEL) / 2, (1 + _LEVEL) / 2]
        bounds = np.quantile(means, tails, axis=0)  # (2, M)
        for place, name in enumerate(names):
            found[name] = _summary(table[:, place], *bounds[:, place].tolist())
    return {name: found[name] for name in gaps}


def _user_means(values: FloatArray) -> FloatArray:
    """Average (S, E) over seeds; NaN in any seed is NaN."""
    means: FloatArray = np.atleast_2d(np.asarray(values, dtype=np.float64)).mean(axis=0)
    return means


def _in_order(
    values: FloatArray, places: npt.NDArray[np.int64] | None, name: str, one: FloatArray
) -> FloatArray:
    if places is not None:
        return values[places]
    if len(values) != np.shape(one)[-1]:
        raise DataError(
            f"{name} has {np.shape(one)[-1]} users in one model and {len(values)} in the other; "
            "compare runs with the same dataset, filters and eval_args."
        )
    return values


def _summary(gaps: FloatArray, low: float, high: float) -> PairedDifference:
    # Imported here: it takes longer than all else of this package, and `gini` needs none of it.
    from scipy.stats import ttest_1samp

    mean, spread = float(gaps.mean()), float(gaps.std(ddof=1))
    if spread <= 1e-12 * abs(mean) or spread == 0:  # all the same, but for rounding
        effect, p = (0.0, 1.0) if mean == 0 else (float(np.copysign(np.inf, mean)), 0.0)
    else:
        effect, p = mean / spread, float(ttest_1samp(gaps, 0.0).pvalue)
    return PairedDifference(mean, low, high, effect, p, len(gaps))

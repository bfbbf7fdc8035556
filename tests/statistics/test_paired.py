"""Paired differences: known answers, coverage, and what has no value."""

import numpy as np
import pytest
from scipy.stats import bootstrap, ttest_rel

from recbole_opal.errors import DataError
from recbole_opal.statistics import paired_differences


def paired_difference(one, other, **options):
    """Return the difference of one metric."""
    return paired_differences({"": one}, {"": other}, **options)[""]


def test_means_and_effect_by_hand():
    # Means over seeds 2, 4, 6 and 1, 1, 1: differences 1, 3, 5 of mean 3 and deviation 2.
    found = paired_difference(np.array([[1, 3, 5], [3, 5, 7.0]]), np.array([1, 1, 1.0]))
    assert found.difference == 3
    assert found.effect_size == pytest.approx(1.5)
    assert found.n == 3
    assert 1 <= found.low <= 3 <= found.high <= 5


def test_interval_and_p_equal_scipy_s():
    random = np.random.default_rng(3)
    one, other = random.normal(0.1, 1, 300), random.normal(0, 1, 300)
    found = paired_difference(one, other)
    interval = bootstrap(
        (one - other,), np.mean, n_resamples=10_000, method="percentile", rng=random
    ).confidence_interval
    width = interval.high - interval.low
    assert found.low == pytest.approx(interval.low, abs=0.04 * width)
    assert found.high == pytest.approx(interval.high, abs=0.04 * width)
    assert found.p == pytest.approx(ttest_rel(one, other).pvalue)


def test_the_interval_covers_the_truth_as_often_as_it_says():
    random = np.random.default_rng(0)
    covered = 0
    for _ in range(400):
        user = random.exponential(size=100)  # what both models share cancels out
        one = user + 0.3 + random.normal(size=(3, 100))
        other = user + random.normal(size=(3, 100))
        found = paired_difference(one, other, resamples=400)
        covered += found.low <= 0.3 <= found.high
    assert 0.91 <= covered / 400 <= 0.98


def test_no_difference_is_marked_seldom():
    random = np.random.default_rng(1)
    p_values = [paired_difference(*random.normal(size=(2, 80)), resamples=1).p for _ in range(500)]
    assert 0.02 <= np.mean(np.array(p_values) < 0.05) <= 0.08


def test_pairing_finds_what_users_hide():
    random = np.random.default_rng(0)
    user = random.normal(0, 10, 200)
    one, other = user + 0.2, user + random.normal(0, 0.1, 200)
    assert paired_difference(one, other).low > 0
    shuffled = paired_difference(one, random.permutation(other))
    assert shuffled.low < 0 < shuffled.high


def test_different_users_are_refused():
    values = np.zeros(3)
    with pytest.raises(DataError, match="3 users in one model and 4"):
        paired_difference(values, np.zeros(4))


def test_many_metrics_at_once_equal_one_at_a_time():
    random = np.random.default_rng(5)
    one = {name: random.normal(size=(2, 60)) for name in ("recall@5", "ndcg@5", "diversity@5")}
    other = {name: random.normal(size=(2, 60)) for name in one} | {"hit@5": np.ones((2, 60))}
    one["diversity@5"][1, :20] = np.nan  # undefined for some users, in one seed
    found = paired_differences(one, other)
    assert list(found) == list(one)
    assert found["diversity@5"].n == 40
    for name in one:
        known = np.isfinite(one[name]).all(axis=0)
        alone = paired_difference(one[name][:, known], other[name][:, known])
        for field in ("difference", "low", "high", "effect_size", "p", "n"):
            assert getattr(found[name], field) == pytest.approx(getattr(alone, field), abs=1e-12)


def test_equal_models_do_not_differ():
    values = np.random.default_rng(0).random((2, 30))
    found = paired_difference(values, values)
    assert (found.difference, found.low, found.high, found.effect_size, found.p) == (0, 0, 0, 0, 1)


def test_the_same_gain_for_all_users_has_no_deviation():
    values = np.random.default_rng(0).random(30)
    found = paired_difference(values, values + 0.1)
    assert found.effect_size == -np.inf
    assert found.p == 0


def test_too_few_users_are_told():
    with pytest.raises(DataError, match="fewer than two users"):
        paired_difference(np.array([1.0, np.nan]), np.array([1.0, 2.0]))


def test_the_seed_makes_the_interval_repeatable():
    one, other = np.random.default_rng(0).random((2, 40))
    assert paired_difference(one, other, seed=4) == paired_difference(one, other, seed=4)
    assert paired_difference(one, other, seed=4) != paired_difference(one, other, seed=5)

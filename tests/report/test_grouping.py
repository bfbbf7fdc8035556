import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from recbole_opal.report.grouping import (
    by_group,
    decile_of_item,
    length_bins,
    positions,
    recall_by_decile,
)


@given(hnp.arrays(np.int64, st.integers(1, 200), elements=st.integers(1, 60)))
def test_bins_hold_every_length_once(lengths):
    bins = length_bins(lengths)
    assert 1 <= len(bins) <= 6
    for length in lengths.tolist():
        assert sum(low <= length <= high for low, high in bins) == 1
    assert all(low <= high for low, high in bins)


def test_bins_are_about_equal():
    assert length_bins(np.arange(1, 61)) == [
        (1, 10),
        (11, 20),
        (21, 30),
        (31, 40),
        (41, 50),
        (51, 60),
    ]
    assert length_bins(np.empty(0, dtype=np.int64)) == []
    assert length_bins(np.full(9, 7)) == [(7, 7)]


def test_means_and_errors_by_hand():
    values = np.array([1.0, 3.0, 5.0, np.nan, 9.0])
    found = by_group(values, np.array([0, 0, 2, 2, -1]), 3)
    assert found.sizes.tolist() == [2, 0, 1]
    np.testing.assert_allclose(found.means, [2.0, np.nan, 5.0])
    assert found.errors[0] == pytest.approx(np.sqrt(2.0) / np.sqrt(2))  # sd / sqrt(n)
    assert np.isnan(found.errors[1:]).all()


def test_deciles_hold_equally_many_items():
    counts = np.append(99, np.random.default_rng(0).permutation(40))
    deciles = decile_of_item(counts)
    assert deciles[0] == -1
    assert np.bincount(deciles[1:]).tolist() == [4] * 10
    assert deciles[1:][counts[1:].argmax()] == 9
    assert deciles[1:][counts[1:].argmin()] == 0


@given(
    hnp.arrays(np.int64, 12, elements=st.integers(1, 30)),
    hnp.arrays(np.int64, 12, elements=st.integers(1, 9)),
    st.randoms(use_true_random=False),
)
def test_recall_by_decile_equals_a_loop(items, users, random):
    known = np.array([5, 2, 8])
    lists = np.array([random.sample(range(1, 31), 6) for _ in known])
    deciles = decile_of_item(np.arange(31))
    found = recall_by_decile(known, lists, users, items, deciles)
    for decile in range(10):
        hits = [
            item in lists[known.tolist().index(user)]
            for user, item in zip(users.tolist(), items.tolist(), strict=True)
            if user in (5, 2, 8) and deciles[item] == decile
        ]
        assert found.sizes[decile] == len(hits)
        if hits:
            assert found.means[decile] == pytest.approx(np.mean(hits))


def test_positions():
    assert positions(np.array([7, 1, 4]), np.array([4, 7])).tolist() == [1, -1, 0]
    assert positions(np.array([1]), np.empty(0, dtype=np.int64)).tolist() == [-1]

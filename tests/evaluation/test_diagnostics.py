"""Interest diagnostics: by hand, and what counts as collapsed."""

import json
from dataclasses import replace

import numpy as np
import pytest

from recbole_opal.evaluation.diagnostics import (
    collapse_warning,
    interest_diagnostics,
    normalised_entropy,
)
from recbole_opal.evaluation.judged import InterestRecord, Judged, TrainingFacts


def lists_of(winners, *, count, items=None, hits=None, cosine=0.1, active=None):
    winners = np.array(winners, dtype=np.uint8)
    rows, width = winners.shape
    if items is None:
        items = np.arange(1, rows * width + 1).reshape(rows, width)
    if hits is None:
        hits = np.zeros_like(winners, dtype=bool)
    cosines = np.full(rows, cosine if count > 1 else np.nan)
    every = np.ones((rows, count), dtype=bool)
    record = InterestRecord(winners, cosines, every if active is None else np.array(active))
    nothing = TrainingFacts(1, np.zeros(0, dtype=int), np.zeros(0, dtype=int))
    hits = np.asarray(hits, dtype=bool)
    return Judged(np.arange(rows), np.asarray(items), hits, np.ones(rows, int), nothing,
                  interests=record)  # fmt: skip


def test_usage_hits_and_dead_users_by_hand():
    lists = lists_of(
        [[0, 0, 1, 1], [2, 0, 1, 255]],
        count=3,
        items=[[1, 2, 3, 4], [5, 6, 7, 0]],
        hits=[[True, False, True, False], [False, True, False, False]],
        cosine=0.25,
    )
    found = interest_diagnostics(lists)
    assert found["num_interests"] == 3
    assert found["usage"] == pytest.approx([3 / 7, 3 / 7, 1 / 7])
    assert found["hit_usage"] == pytest.approx([2 / 3, 1 / 3, 0])
    expected = -(2 / 3 * np.log(2 / 3) + 1 / 3 * np.log(1 / 3)) / np.log(3)
    assert found["hit_entropy"] == pytest.approx(expected)
    assert found["dead_users"] == 0.5  # the first user's third interest wins nothing
    assert found["cosine"] == pytest.approx(0.25)
    assert not found["collapsed"]
    assert collapse_warning(found) is None
    json.dumps(found, allow_nan=False)


def test_counts_equal_a_loop():
    random = np.random.default_rng(0)
    winners, hits = random.integers(0, 5, (30, 12)), random.random((30, 12)) < 0.2
    found = interest_diagnostics(lists_of(winners, count=5, hits=hits))
    dead = [len(set(row)) < 5 for row in winners.tolist()]
    assert found["dead_users"] == pytest.approx(np.mean(dead))
    for interest in range(5):
        assert found["usage"][interest] == pytest.approx((winners == interest).mean())
        won = (winners[hits] == interest).mean()
        assert found["hit_usage"][interest] == pytest.approx(won)


@pytest.mark.parametrize(
    ("shares", "entropy"),
    [([0.5, 0.5], 1.0), ([1.0, 0.0], 0.0), ([0.5, 0.5, 0.0, 0.0], 0.5), ([1.0], 1.0)],
)
def test_entropy_is_relative_to_even_use(shares, entropy):
    assert normalised_entropy(shares) == pytest.approx(entropy)


@pytest.mark.parametrize(
    ("winners", "cosine", "sign"),
    [
        ([[0] * 19 + [1]], 0.1, "one wins 95%"),
        ([[0] * 20 + [1] * 20 + [2]], 0.1, "usage entropy"),
        ([[0, 1, 2, 3, 4, 5, 6, 7]], 0.99, "mean cosine 0.990"),
    ],
)
def test_each_sign_of_collapse_is_told(winners, cosine, sign):
    found = interest_diagnostics(lists_of(winners, count=8, cosine=cosine))
    assert found["collapsed"]
    assert sign in collapse_warning(found)


def test_one_interest_cannot_collapse():
    found = interest_diagnostics(lists_of([[0, 0]], count=1))
    assert found["usage"] == [1.0]
    assert found["usage_entropy"] == 1.0
    assert found["cosine"] is None
    assert found["dead_users"] == 0
    assert not found["collapsed"]


def test_copies_are_no_dead_interests_and_have_no_cosine():
    winners = np.array([[0, 0, 0], [0, 1, 0], [0, 0, 0], [0, 2, 1]])
    active = np.arange(3) < np.array([[1], [2], [2], [3]])
    cosine = np.array([np.nan, 0.1, 0.3, 0.5])
    found = interest_diagnostics(lists_of(winners, count=3, cosine=cosine, active=active))
    assert found["dead_users"] == 0.25  # the third user's second interest
    assert found["cosine"] == pytest.approx(0.3)
    assert found["usage"] == pytest.approx([9 / 12, 2 / 12, 1 / 12])
    assert found["num_interests"] == 3
    json.dumps(found, allow_nan=False)


@pytest.mark.filterwarnings("error")  # as of the mean of nothing
def test_users_with_one_active_interest_each_have_no_cosine_but_may_collapse():
    active = [[True, False], [True, False]]
    lists = lists_of([[0, 0], [0, 0]], count=2, cosine=np.nan, active=active)
    found = interest_diagnostics(lists)
    assert found["cosine"] is None
    assert found["dead_users"] == 0
    assert found["collapsed"]
    assert "cosine" not in collapse_warning(found)


def test_no_hits_have_no_shares():
    found = interest_diagnostics(lists_of([[0, 1]], count=2))
    assert found["hit_usage"] is None
    assert found["hit_entropy"] is None


def test_models_without_interests_have_no_diagnostics():
    lists = lists_of([[0, 1]], count=2)
    assert interest_diagnostics(replace(lists, interests=None)) is None

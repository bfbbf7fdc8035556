"""Recall at each length and the overlap of lists, against brute force and by hand."""

import numpy as np
import pytest

from recbole_opal.report.saved_lists import list_overlap, recall_curve


def drawn(seed, users=7, k=6, items=12, fill=0):
    """Return (E, k) lists of distinct items, the last `fill` places empty."""
    random = np.random.default_rng(seed)
    lists = np.stack([random.permutation(items)[:k] + 1 for _ in range(users)])
    lists[:, k - fill :] = 0
    return lists


def rank_biased(one, other, p=0.9):
    """Equation 32 of the paper, word by word."""
    k = len(one)
    common = [len((set(one[:d]) & set(other[:d])) - {0}) for d in range(1, k + 1)]
    summed = sum(x / d * p**d for d, x in enumerate(common, 1))
    return common[-1] / k * p**k + (1 - p) / p * summed


@pytest.mark.parametrize("fill", [0, 2])
def test_overlap_is_that_of_sets(fill):
    one, other = drawn(1, fill=fill), drawn(2)
    found = list_overlap(one, other)
    sets = [({*a} - {0}, {*b} - {0}) for a, b in zip(one.tolist(), other.tolist(), strict=True)]
    assert found.jaccard == pytest.approx(np.mean([len(a & b) / len(a | b) for a, b in sets]))
    biased = [rank_biased(a, b) for a, b in zip(one.tolist(), other.tolist(), strict=True)]
    assert found.rank_biased == pytest.approx(np.mean(biased))


def test_equal_lists_and_lists_without_a_common_item():
    one = drawn(3)
    assert list_overlap(one, one) == pytest.approx((1.0, 1.0))
    assert list_overlap(one, one + 100) == (0.0, 0.0)


def test_the_order_counts_for_the_rank_biased_one_alone():
    one = np.array([[1, 2, 3, 4]])
    near, far = np.array([[2, 1, 3, 4]]), np.array([[4, 3, 2, 1]])
    assert list_overlap(one, near).jaccard == list_overlap(one, far).jaccard == 1
    assert 1 > list_overlap(one, near).rank_biased > list_overlap(one, far).rank_biased


def test_recall_at_each_length_is_that_of_sets():
    lists = {"user_id": np.array([5, 2, 9]), "items": drawn(4, users=3, fill=1)}
    # User 2 meets 3 twice, user 9 nothing, user 7 has no list.
    met = {2: [3, 3, 8], 5: [1, 2, 11], 7: [1]}
    targets = {
        "user_id": np.array([user for user, items in met.items() for _ in items]),
        "item": np.array([item for items in met.values() for item in items]),
    }
    found = recall_curve(lists, targets, [1, 3, 6])
    strangers = {"user_id": np.array([7]), "item": np.array([1])}
    assert recall_curve(lists, strangers, [1]) is None
    for place, k in enumerate([1, 3, 6]):
        each = [len(set(row[:k]) & set(met[user])) / len(set(met[user]))
                for user, row in zip([5, 2, 9], lists["items"].tolist(), strict=True)
                if user in met]  # fmt: skip
        assert found[place] == pytest.approx(np.mean(each))

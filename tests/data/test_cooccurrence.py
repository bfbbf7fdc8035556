"""Where item vectors may start: near those they are met with, and the same each time."""

import numpy as np
import pytest
from scipy import sparse

from recbole_opal.data import cooccurrence
from recbole_opal.data.cooccurrence import cooccurrence_vectors, normalised_counts
from recbole_opal.data.training_part import TrainingPart

USERS = np.array([3, 3, 3, 3, 5, 5, 8])
ITEMS = np.array([1, 2, 1, 4, 2, 4, 1])


def vectors_of(users, items, *sizes, **options):
    return cooccurrence_vectors(TrainingPart.of_columns(users, items), *sizes, **options)


def by_hand(window):
    counts = np.zeros((6, 6))
    for one in range(len(ITEMS)):
        for other in range(one + 1, min(one + window + 1, len(ITEMS))):
            if USERS[one] == USERS[other] and ITEMS[one] != ITEMS[other]:
                counts[ITEMS[one], ITEMS[other]] += 1
    counts += counts.T
    sums = np.maximum(counts.sum(axis=1), 1)
    return counts / np.sqrt(sums[:, None] * sums[None, :])


@pytest.mark.parametrize("window", [1, 2, 20])
def test_items_are_counted_together_within_a_window_of_one_user(window):
    found = normalised_counts(USERS, ITEMS, 6, window).toarray()
    np.testing.assert_allclose(found, by_hand(window), atol=1e-15)


def planted(groups=4, members=8, users=120):
    """Return the histories of users of one group of items each."""
    random = np.random.default_rng(0)
    group = random.integers(0, groups, users)
    items = 1 + members * group[:, None] + random.integers(0, members, (users, 12))
    return np.repeat(np.arange(users), 12), items.ravel()


def test_items_of_a_group_start_together_and_others_apart():
    vectors = vectors_of(*planted(), 33, 8, window=5, seed=1)
    cosines = vectors[1:] @ vectors[1:].T
    same = np.kron(np.eye(4), np.ones((8, 8))) > 0
    assert cosines[same].min() > 0.9  # 0.99
    assert np.abs(cosines[~same]).max() < 0.1  # 0.02


def test_vectors_have_unit_length_and_a_width_beyond_the_items_is_filled():
    vectors = vectors_of(USERS, ITEMS, 6, 16, window=3, seed=1)
    assert vectors.shape == (6, 16)
    assert vectors.dtype == np.float32
    assert not vectors[0].any()
    np.testing.assert_allclose(np.linalg.norm(vectors[1:], axis=1), 1, rtol=1e-6)


def test_a_log_without_neighbours_gives_random_vectors():
    for users, items in [([1, 2, 3], [1, 2, 2]), ([], [])]:
        given = np.array(users, dtype=np.int64), np.array(items, dtype=np.int64)
        vectors = vectors_of(*given, 200, 32, window=3, seed=1)
        np.testing.assert_allclose(np.linalg.norm(vectors[1:], axis=1), 1, rtol=1e-6)
        assert np.abs(vectors[1:] @ vectors[1:].T - np.eye(199)).mean() < 0.2


def test_a_seed_tells_the_vectors_and_no_other_generator_is_asked():
    before = np.random.get_state()[1].copy()  # noqa: NPY002  RecBole seeds this one
    one, again, other = (vectors_of(*planted(), 40, 8, window=5, seed=seed) for seed in (1, 1, 2))
    assert np.array_equal(one, again)
    assert not np.array_equal(one, other)
    assert np.array_equal(np.random.get_state()[1], before)  # noqa: NPY002


def test_of_too_many_pairs_those_of_some_users_are_counted(monkeypatch):
    monkeypatch.setattr(cooccurrence, "_MOST_PAIRS", 3000)  # of 7,200
    counted = []

    def counting(users, items, *rest):
        counted.append(users)
        return normalised_counts(users, items, *rest)

    monkeypatch.setattr(cooccurrence, "normalised_counts", counting)
    vectors = vectors_of(*planted(), 33, 8, window=5, seed=1)
    (users,) = counted
    assert 0 < len(users) * 5 < 1.3 * 3000
    assert set(np.bincount(users).tolist()) == {0, 12}  # whole histories
    assert (vectors[1] * vectors[2]).sum() > 0.9


def test_the_strongest_directions_are_those_of_the_whole_matrix():
    random = np.random.default_rng(0)
    factor = random.standard_normal((60, 5)) * [5, 4, 3, 2, 1]
    matrix = factor @ factor.T
    found = cooccurrence._strongest_directions(sparse.csr_matrix(matrix), 5, random)
    np.testing.assert_allclose(found @ found.T, matrix, atol=1e-8)

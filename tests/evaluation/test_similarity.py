"""Intra-list similarity: by hand, against a loop over pairs, and in bounded memory."""

import tracemalloc
from itertools import combinations

import numpy as np
import pytest

from recbole_opal.evaluation import similarity
from recbole_opal.evaluation.similarity import AudienceSimilarity


def naive(users, items, lists, k):
    """Mean cosine over the pairs of each list, set by set."""
    audience = {item: set(users[items == item].tolist()) for item in range(lists.max() + 1)}
    values = []
    for row in lists:
        listed = [item for item in row[:k].tolist() if item]
        cosines = [
            len(audience[i] & audience[j]) / np.sqrt(len(audience[i]) * len(audience[j]))
            if audience[i] and audience[j]
            else 0.0
            for i, j in combinations(listed, 2)
        ]
        values.append(np.mean(cosines) if cosines else np.nan)
    return np.array(values)


def random_case(seed, *, users=30, items=25, lists=40, k=8):
    random = np.random.default_rng(seed)
    size = 200
    drawn = np.stack(
        [random.permutation(np.arange(1, items + 5))[:k] for _ in range(lists)]
    )  # the last five have no training user
    for row, fills in enumerate(random.integers(0, k + 1, lists)):
        drawn[row, k - fills :] = 0
    return (
        random.integers(1, users, size),
        random.integers(1, items, size),
        drawn.astype(np.int32),
        items + 5,
    )


def test_three_items_by_hand():
    # Audiences: 1 {1, 2}, 2 {2, 3}, 3 {4}; user 1 watched item 1 twice, which counts once.
    users = np.array([1, 1, 2, 2, 3, 4])
    items = np.array([1, 1, 1, 2, 2, 3])
    measure = AudienceSimilarity(users, items, 5)
    found = measure.of_lists(np.array([[1, 2, 3], [1, 3, 0], [1, 0, 0]], dtype=np.int32), [2, 3])
    assert found["intra_list_similarity@2"][:2].tolist() == pytest.approx([0.5, 0.0])
    assert found["intra_list_similarity@3"][:2].tolist() == pytest.approx([0.5 / 3, 0.0])
    assert np.isnan(found["intra_list_similarity@3"][2])


def test_items_with_the_same_audience_are_alike():
    users, items = np.array([1, 2, 1, 2]), np.array([1, 1, 2, 2])
    found = AudienceSimilarity(users, items, 3).of_lists(np.array([[1, 2]], dtype=np.int32), [2])
    assert found["intra_list_similarity@2"].item() == pytest.approx(1.0)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("chunk", [1, 300, 10**6])
@pytest.mark.parametrize("most_cosines", [0, 10**6])
def test_equals_a_loop_over_pairs(seed, chunk, most_cosines, monkeypatch):
    monkeypatch.setattr(similarity, "_MOST_COSINES", most_cosines)
    monkeypatch.setattr(similarity, "_CHUNK_ENTRIES", chunk)
    monkeypatch.setattr(similarity, "_CHUNK_COSINES", chunk)
    monkeypatch.setattr(similarity, "_BLOCK", 7)
    users, items, lists, size = random_case(seed)
    found = AudienceSimilarity(users, items, size).of_lists(lists, [5, 1, 8])
    for k in (1, 5, 8):
        wanted = naive(users, items, lists, k)
        np.testing.assert_allclose(
            found[f"intra_list_similarity@{k}"], wanted, atol=1e-6 if most_cosines else 1e-12
        )


def test_the_order_of_a_list_and_of_the_log_do_not_matter():
    users, items, lists, size = random_case(7)
    order = np.random.default_rng(0).permutation(len(users))
    before = AudienceSimilarity(users, items, size).of_lists(lists, [8])
    after = AudienceSimilarity(users[order], items[order], size).of_lists(lists[:, ::-1], [8])
    name = "intra_list_similarity@8"
    np.testing.assert_allclose(before[name], after[name], atol=1e-12)


def test_memory_does_not_grow_with_the_square_of_the_catalogue():
    random = np.random.default_rng(0)
    num_items = 30_000  # a dense matrix of pairs would take 7 GB
    users, items = random.integers(1, 5000, 60_000), random.integers(1, num_items, 60_000)
    lists = random.integers(1, num_items, (3000, 20)).astype(np.int32)
    tracemalloc.start()
    AudienceSimilarity(users, items, num_items).of_lists(lists, [10, 20])
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 60 * 2**20

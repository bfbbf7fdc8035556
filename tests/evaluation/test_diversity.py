"""Category diversity: by hand and against a loop over pairs."""

from itertools import combinations

import numpy as np
import pytest

from recbole_opal.evaluation import diversity
from recbole_opal.evaluation.diversity import category_diversity


def naive(lists, categories, k):
    """Share of pairs of items with a category that share none."""
    values = []
    for row in lists:
        sets = [set(categories[item].tolist()) - {0} for item in row[:k].tolist()]
        pairs = [not one & other for one, other in combinations([s for s in sets if s], 2)]
        values.append(np.mean(pairs) if pairs else np.nan)
    return np.array(values)


def test_single_categories_by_hand():
    categories = np.array([[0], [1], [1], [2], [0]])
    lists = np.array([[1, 2, 3], [1, 2, 4], [3, 4, 0]], dtype=np.int32)
    found = category_diversity(lists, categories, [2, 3])
    # 1 and 2 are of one category; 4 has none and is left out.
    assert found["category_diversity@2"][0] == 0
    assert found["category_diversity@3"].tolist()[:2] == pytest.approx([2 / 3, 0.0])
    assert np.isnan(found["category_diversity@3"][2])


def test_items_with_several_tags_differ_if_they_share_none():
    categories = np.array([[0, 0], [1, 2], [2, 3], [3, 4]])
    found = category_diversity(np.array([[1, 2, 3]], dtype=np.int32), categories, [3])
    assert found["category_diversity@3"].item() == pytest.approx(1 / 3)  # only 1 and 3 differ


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("chunk", [1, 500, 2**22])
def test_equals_a_loop_over_pairs(seed, chunk, monkeypatch):
    monkeypatch.setattr(diversity, "_CHUNK_PAIRS", chunk)
    random = np.random.default_rng(seed)
    categories = np.zeros((50, 3), dtype=np.int64)
    for item in range(1, 50):  # 0 to 3 distinct tags, filled from the left
        tags = random.permutation(np.arange(1, 8))[: random.integers(0, 4)]
        categories[item, : len(tags)] = tags
    lists = np.stack([random.permutation(50)[:10] for _ in range(40)]).astype(np.int32)
    lists[::3, 6:] = 0
    found = category_diversity(lists, categories, [10, 1, 4])
    for k in (1, 4, 10):
        np.testing.assert_allclose(
            found[f"category_diversity@{k}"], naive(lists, categories, k), atol=1e-12
        )

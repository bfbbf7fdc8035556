"""Coverage and Gini index: by hand, by definition, and beside RecBole's own."""

import numpy as np
import pytest

from recbole_opal.evaluation.coverage import catalogue_use, gini
from recbole_opal.evaluation.metrics import GiniIndex


def naive_gini(counts):
    """Half the mean absolute difference over all pairs, relative to the mean."""
    differences = np.abs(counts[:, None] - counts[None, :])
    return differences.mean() / 2 / counts.mean()


def test_two_lists_by_hand():
    lists = np.array([[1, 2], [1, 0]], dtype=np.int32)
    found = catalogue_use(lists, 4, [1, 2])
    assert found["coverage@1"] == 1 / 4
    assert found["coverage@2"] == 2 / 4
    assert found["gini@1"] == pytest.approx(3 / 4)  # one of four items has everything
    assert found["gini@2"] == pytest.approx(naive_gini(np.array([2, 1, 0, 0])))


def test_even_lists_have_no_inequality():
    lists = np.array([[1, 2], [3, 4]], dtype=np.int32)
    assert catalogue_use(lists, 4, [2]) == {"coverage@2": 1.0, "gini@2": 0.0}


def test_nothing_listed_is_no_inequality():
    assert gini(np.zeros(5, dtype=np.int64)) == 0.0


@pytest.mark.parametrize("seed", range(5))
def test_gini_equals_its_definition(seed):
    counts = np.random.default_rng(seed).poisson(2, 60)
    assert gini(counts) == pytest.approx(naive_gini(counts), abs=1e-12)


def test_gini_equals_recbole_s_where_the_padding_is_no_item(config):
    lists = np.random.default_rng(0).integers(1, 30, (20, 5))
    found = catalogue_use(lists.astype(np.int32), 40, [5])["gini@5"]
    assert found == pytest.approx(GiniIndex(config).get_gini(lists, 40))

"""What is measured in every run, all together: coverage, Gini, category diversity, similarity."""

from dataclasses import replace

import numpy as np
import pytest

from recbole_opal.evaluation.evaluator import measure
from recbole_opal.evaluation.judged import TrainingFacts
from recbole_opal.evaluation.listed import GiniIndex
from recbole_opal.evaluation.registry import every_run_metrics
from recbole_opal.statistics import gini


@pytest.fixture
def judged(of_lists):
    found = of_lists([[1, 2], [3, 0]], 5)
    return replace(found, training=TrainingFacts(5, np.array([1, 1, 2]), np.array([1, 2, 2])))


def naive_gini(counts):
    """Half the mean absolute difference over all pairs, relative to the mean."""
    differences = np.abs(counts[:, None] - counts[None, :])
    return differences.mean() / 2 / counts.mean()


def test_means_are_over_users_with_a_value(judged, config):
    config["topk"] = [2]
    categories = np.array([[0], [1], [2], [0], [0]])
    known = replace(judged, training=replace(judged.training, categories=categories))
    found = measure(known, every_run_metrics())
    assert set(found.per_user) == {"category_diversity@2", "intra_list_similarity@2"}
    assert np.isnan(found.per_user["category_diversity@2"]).tolist() == [False, True]
    assert found.results["category_diversity@2"] == 1.0
    assert found.results["intra_list_similarity@2"] == pytest.approx(np.sqrt(0.5))
    assert found.results["coverage@2"] == 3 / 4


def test_without_categories_their_diversity_is_left_out(judged, config):
    config["topk"] = [1, 2]
    found = measure(judged, every_run_metrics())
    assert set(found.per_user) == {"intra_list_similarity@1", "intra_list_similarity@2"}
    defined = {name for name, value in found.results.items() if not np.isnan(value)}
    assert defined == {
        "coverage@1", "coverage@2", "gini@1", "gini@2", "intra_list_similarity@2",
    }  # fmt: skip


def catalogue_use(judged):
    found = measure(judged, every_run_metrics()).results
    return {name: value for name, value in found.items() if name[:4] in ("cove", "gini")}


def test_two_lists_by_hand(of_lists, config):
    config["topk"] = [1, 2]
    found = catalogue_use(of_lists([[1, 2], [1, 0]], 5))
    assert found["coverage@1"] == 1 / 4
    assert found["coverage@2"] == 2 / 4
    assert found["gini@1"] == pytest.approx(3 / 4)  # one of four items has everything
    assert found["gini@2"] == pytest.approx(naive_gini(np.array([2, 1, 0, 0])))


def test_even_lists_have_no_inequality(of_lists, config):
    config["topk"] = [2]
    assert catalogue_use(of_lists([[1, 2], [3, 4]], 5)) == {"coverage@2": 1.0, "gini@2": 0.0}


def test_nothing_listed_is_no_inequality():
    assert gini(np.zeros(5, dtype=np.int64)) == 0.0


@pytest.mark.parametrize("seed", range(5))
def test_gini_equals_its_definition(seed):
    counts = np.random.default_rng(seed).poisson(2, 60)
    assert gini(counts) == pytest.approx(naive_gini(counts), abs=1e-12)


def test_gini_equals_recbole_s_where_the_padding_is_no_item(of_lists, config):
    config["topk"] = [5]
    lists = np.random.default_rng(0).integers(1, 30, (20, 5))
    found = catalogue_use(of_lists(lists, 41))["gini@5"]
    assert found == pytest.approx(GiniIndex().values(of_lists(lists, 40), 5))

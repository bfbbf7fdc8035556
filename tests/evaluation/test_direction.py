import pytest
from recbole.evaluator import register
from recbole.utils import EvaluatorType

from recbole_opal.evaluation.direction import (
    as_told_by,
    best_of,
    better,
    bigger_is_better,
    cut_off,
    longest_cut_off,
    sign_of,
    title_of,
)
from recbole_opal.evaluation.metric import MetricTraits
from recbole_opal.host.config import OpalConfig

RANKING = [n for n, kind in register.metric_types.items() if kind == EvaluatorType.RANKING]


@pytest.mark.parametrize("name", sorted(RANKING))
def test_recbole_s_own_metrics_have_recbole_s_own_direction(name):
    assert bigger_is_better(f"{name}@10") is not register.metrics_dict[name].smaller


@pytest.mark.parametrize(
    ("metric", "bigger"),
    [
        ("Recall@50", True),
        ("coverage@10", True),
        ("category_diversity@10", True),
        ("ItemCoverage@10", True),
        ("ShannonEntropy@10", True),
        ("TailPercentage@10", True),
        ("gini@10", False),
        ("GiniIndex@50", False),
        ("giniindex", False),
        ("AveragePopularity@5", False),
        ("intra_list_similarity@10", False),
    ],
)
def test_known_directions(metric, bigger):
    assert bigger_is_better(metric) is bigger
    assert sign_of(metric) == (1 if bigger else -1)
    assert better(metric) == ("higher" if bigger else "lower")


@pytest.mark.parametrize("metric", ["GiniIndex@10", "AveragePopularity@10", "Recall@10"])
def test_training_stops_by_the_same_direction(metric, quick_settings):
    metrics = [metric.partition("@")[0]]
    config = OpalConfig(
        "MIND", "tiny", quick_settings | {"metrics": metrics, "valid_metric": metric}
    )
    assert config["valid_metric_bigger"] is bigger_is_better(metric)


def test_the_earlier_of_equals_and_none_without_values():
    pairs = [("a", None), ("b", 1.0), ("c", 2.0), ("d", 1.0), ("e", 2.0)]
    assert best_of(pairs, lambda pair: pair[1], bigger=True) == ("c", 2.0)
    assert best_of(pairs, lambda pair: pair[1], bigger=False) == ("b", 1.0)
    assert best_of(pairs[:1], lambda pair: pair[1], bigger=True) is None


@pytest.mark.parametrize("bigger", [True, False])
def test_what_is_not_a_number_is_never_best(bigger):
    nan = float("nan")
    assert best_of([nan, 0.3, nan], lambda value: value, bigger=bigger) == 0.3
    assert best_of([nan, None], lambda value: value, bigger=bigger) is None


@pytest.mark.parametrize(
    ("metric", "expected"), [("recall@5", 5), ("gauc", 50), ("GiniIndex@10", 10)]
)
def test_lists_are_as_long_as_the_metric_says_or_the_longest(metric, expected):
    assert longest_cut_off(metric, ["gauc", "recall@5", "recall@50", "ndcg@10"]) == expected


def test_where_nothing_has_a_length_there_is_none():
    assert cut_off("gauc") is None
    assert longest_cut_off("gauc", ["gauc"]) is None


def test_results_that_give_a_name_opposite_directions_are_told_apart():
    less, more = (
        {"fame": MetricTraits(title=f"Fame {n}", short="F", bigger_is_better=n > 1)} for n in (1, 2)
    )
    with as_told_by(less):
        assert better("fame@10") == "lower"
        with as_told_by(more):
            assert title_of("fame@10") == "Fame 2@10"
            assert better("fame@10") == "higher"
        assert title_of("Fame@10") == "Fame 1@10"
        assert better("recall@10") == "higher"
    assert title_of("fame@10") == "Fame@10"

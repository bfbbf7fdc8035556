import pytest

from recbole_opal.evaluation.cutoff import cut_off, longest_cut_off


@pytest.mark.parametrize(
    ("metric", "expected"), [("recall@5", 5), ("gauc", 50), ("GiniIndex@10", 10)]
)
def test_lists_are_as_long_as_the_metric_says_or_the_longest(metric, expected):
    assert longest_cut_off(metric, ["gauc", "recall@5", "recall@50", "ndcg@10"]) == expected


def test_where_nothing_has_a_length_there_is_none():
    assert cut_off("gauc") is None
    assert longest_cut_off("gauc", ["gauc"]) is None

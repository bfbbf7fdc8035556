import math

import pytest

from recbole_opal.comparison.row import Spread
from recbole_opal.evaluation.direction import title_of
from recbole_opal.report import wording

NBSP = "\u00a0"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("recall@50", "Recall@50"),
        ("ndcg@10", "NDCG@10"),
        ("category_diversity@20", "Category diversity@20"),
        ("gini@5", "Gini@5"),
        ("tail_percentage", "Tail percentage"),
    ],
)
def test_metric_names(name, text):
    assert title_of(name) == text


def test_numbers_and_dashes():
    assert wording.number(0.123456) == "0.1235"
    assert wording.number(None) == wording.number(math.nan) == "–"
    assert wording.signed(-0.00123) == "−0.0012"
    assert wording.signed(0.5, 2) == "+0.50"
    assert wording.with_spread(Spread(mean=0.1)) == "0.1000"
    assert wording.with_spread(Spread(mean=0.1, sd=0.002)) == "0.1000 ± 0.0020"


@pytest.mark.parametrize(
    ("share", "text"),
    [(0, "0"), (0.004, "0.4"), (0.0994, "9.9"), (0.0996, "10"), (0.5, "50"), (1, "100")],
)
def test_percent(share, text):
    assert wording.percent(share) == f"{text}{NBSP}%"


def test_relative():
    assert wording.relative(1.1, 1.0) == f"+10.0{NBSP}%"
    assert wording.relative(0.95, 1.0) == f"−5.0{NBSP}%"
    assert wording.relative(1.0, 0.0) == "–"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.4231, "0.42 s"), (9.96, "10 s"), (42.4, "42 s"), (59.6, "1 min 00 s"),
        (245, "4 min 05 s"), (3600, "1 h 00 min"), (7890, "2 h 11 min"), (None, "–"),
    ],
)  # fmt: skip
def test_seconds(value, text):
    assert wording.seconds(value) == text


def test_sizes_and_counts():
    assert wording.size(812) == "812 B"
    assert wording.size(30 * 2**10) == "30 KiB"
    assert wording.size(5.1 * 2**20) == "5.1 MiB"
    assert wording.size(812 * 2**20) == "812 MiB"
    assert wording.size(1.5 * 2**30) == "1.5 GiB"
    assert wording.count(4120) == "4,120"
    assert wording.count(34_120) == "34.1 k"
    assert wording.count(2_710_000) == "2.7 M"
    assert wording.size(None) == wording.count(None) == "–"

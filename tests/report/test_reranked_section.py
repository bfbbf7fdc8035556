"""What the page says of re-ranked lists."""

import re
from html import unescape

import numpy as np
import pytest

from recbole_opal.comparison.result import ComparisonResult
from recbole_opal.report import reranked_rows as module
from recbole_opal.report.reranked_rows import Reranked, RerankedRows, metric_of, reranked_rows
from recbole_opal.report.run_files import RunFiles
from recbole_opal.report.sections.reranked import reranked
from recbole_opal.report.tradeoffs import TradeoffCurve


@pytest.fixture(scope="module")
def comparison(comparison_folder):
    return ComparisonResult.load(comparison_folder)


def curve(knob, height, low=0.5, high=0.8):
    own = np.random.default_rng(0).normal(0, 0.05, 200)
    accuracy = np.array([0.3, 0.1])[:, None] + height + own
    ways = {name: np.array([low, high]) for name in ("category_diversity@20", "coverage@20")}
    return TradeoffCurve(knob, (0.0, 1.0), [f"u{n:03}" for n in range(200)], accuracy, ways)


def made(comparison, heights):
    """Return rows by label with curves that lie so much above 0.3 ... 0.1."""
    rows = {row.label: row for row in comparison.rows}
    done = []
    for label, height in heights.items():
        curves = {"diversity": curve("diversity", height)}
        if rows[label].interests > 1:
            curves["by_share"] = curve("by_share", height, high=0.6)
            curves["per_interest"] = curve("per_interest", height, low=0.9, high=0.95)
        done.append(Reranked(rows[label], curves))
    return RerankedRows(done)


def text_of(section):
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", section.render())).split())


def test_it_says_which_rows_are_better(comparison):
    rows = made(comparison, {"OPAL soft": 0.1, "REMI": -0.1, "MIND": 0.0, "YouTubeDNN": 0.0})
    said = text_of(reranked(comparison, rows))
    assert (
        "Yes, for some: in Recall@20 at equal category diversity@20, against YouTubeDNN (the best "
        "of one vector on validation) re-ranked: by lambda, OPAL K=4 soft is better, REMI K=4 is "
        "worse, MIND K=4 is not different; by places shared out, OPAL K=4 soft is better"
    ) in said
    assert (
        "by n places each, OPAL K=4 soft, REMI K=4 and MIND K=4 reach no common diversity." in said
    )
    assert "OPAL K=4 soft by lambda YouTubeDNN 0.500–0.800 +0.1000 [+0.1000, +0.1000]" in said


def test_the_same_model_of_one_vector_is_compared_with_too(comparison):
    ones = {"OPAL num_interests=1 soft": 0.0, "ComiRecSA num_interests=1": -0.2}
    said = text_of(reranked(comparison, made(comparison, {"ComiRecSA": -0.1} | ones)))
    assert "ComiRecSA K=4 by lambda OPAL K=1 soft 0.500–0.800 −0.1000" in said  # best on validation
    assert "ComiRecSA K=4 by lambda ComiRecSA K=1 0.500–0.800 +0.1000" in said
    assert "No: in Recall@20" in said
    assert "Against the same model with K = 1, by lambda: ComiRecSA K=4 is better." in said


def test_several_interests_and_one_are_lit(comparison):
    """OPAL of K = 1, though the best of OPAL, leaves its light to one of several interests."""
    heights = {"OPAL soft": 0.0, "OPAL num_interests=1 soft": 0.0, "MIND": 0.0, "REMI": 0.0}
    page = reranked(comparison, made(comparison, heights | {"YouTubeDNN": 0.0})).body
    lit = re.findall(r'class="chip on" data-colour="([^"]*)"[^>]*><i[^>]*></i>([^<]*)<', page)
    names = {name.removesuffix(" by lambda") for _, name in lit}
    assert names == {"OPAL K=4 soft", "OPAL K=1 soft", "REMI K=4", "YouTubeDNN"}
    assert lit[:4] == lit[4:8]  # in the same colours in every figure
    one = [name for _, name in lit if name.endswith("by lambda")]
    assert set(one) == {"OPAL K=1 soft by lambda", "YouTubeDNN by lambda"}  # beside shared places


def test_rows_that_were_cut_short_are_named(comparison):
    rows = made(comparison, {"REMI": 0.0, "MIND": 0.0, "YouTubeDNN": 0.0})
    assert "Cut short" not in text_of(reranked(comparison, rows))
    first = rows.done[0]
    rows.done[0] = Reranked(first.row.model_copy(update={"cut_short": 1}), first.curves)
    said = text_of(reranked(comparison, rows))
    assert "Cut short in training, so that with more of it this might change: REMI K=4." in said


def test_without_a_row_of_one_vector_the_curves_are_drawn_alone(comparison):
    said = text_of(reranked(comparison, made(comparison, {"REMI": 0.0})))
    assert "As lambda grows" in said
    assert "Is K > 1 better" not in said


def test_rows_that_kept_no_histories_are_named(comparison):
    said = text_of(reranked(comparison, RerankedRows(without=["MIND", "REMI"])))
    assert "Left out: MIND and REMI." in said
    assert reranked(comparison, RerankedRows()) is None


def test_real_rows_are_read(comparison):
    rows = reranked_rows(comparison, RunFiles(comparison))
    assert [each.row.model for each in rows.done] == ["OPAL"] * 4
    assert (rows.without, rows.problems) == ([], [])
    assert "Is K > 1 better" not in text_of(reranked(comparison, rows))  # no row of one vector


def test_runs_of_older_versions_are_told(comparison, monkeypatch):
    monkeypatch.setattr(module, "HISTORIES_NAME", "another.npz")
    rows = reranked_rows(comparison, RunFiles(comparison))
    assert rows.done == []
    assert sorted(rows.without) == [
        "OPAL K=2 hard", "OPAL K=2 soft", "OPAL K=4 hard", "OPAL K=4 soft",
    ]  # fmt: skip


def test_a_run_that_does_not_fit_stops_nothing(comparison, monkeypatch):
    def fail(*_):
        raise ValueError("no such thing")

    monkeypatch.setattr(module, "tradeoff_curves", fail)
    rows = reranked_rows(comparison, RunFiles(comparison))
    assert rows.done == []
    why = "its files do not fit (ValueError: no such thing)."
    assert f"OPAL K=4 soft, seed 1: {why}" in rows.problems


@pytest.mark.parametrize(
    ("metric", "name"), [("ndcg@10", "ndcg"), ("gauc", "recall"), ("rarity@10", "recall"),
                         ("coverage@10", "recall"), ("averagepopularity@10", "recall")],
)  # fmt: skip
def test_the_metric_is_one_of_hits(comparison, metric, name):
    assert metric_of(comparison.model_copy(update={"metric": metric})).name == name

from pathlib import Path

import pytest

from recbole_opal.comparison.result import ComparisonResult
from recbole_opal.comparison.row import Difference, Row, Spread
from recbole_opal.report.readings import compared_with_opal, winner
from recbole_opal.report.rows import lit_rows, sweeps
from recbole_opal.report.wording import listed

METRIC = "recall@50"


def row(label, test, *, model=None, stage="train", valid=None, interests=None, **more):
    def value(number):
        return {METRIC: Spread(mean=number, sd=0.001, values=[number])}

    return Row(
        label=label, variant=label, model=model or label, stage=stage, num_interests=interests,
        test=value(test), valid=value(test if valid is None else valid), **more,
    )  # fmt: skip


def comparison(*rows):
    return ComparisonResult(dataset="d", command="c", metric=METRIC, seeds=[1], rows=list(rows),
                            folder=Path())  # fmt: skip


def away(difference, low, high):
    return {METRIC: Difference(difference=difference, low=low, high=high)}


def test_listed():
    assert listed(["a"]) == "a"
    assert listed(["a", "b"]) == "a and b"
    assert listed(["a", "b", "c", "d", "e"]) == "a, b, c and 2 more"
    assert listed([]) == ""


@pytest.mark.parametrize(
    ("low", "high", "words"),
    [(-0.02, -0.001, "interval of their difference excludes 0"), (-0.02, 0.001, "includes 0.")],
)
def test_the_winner_and_whether_it_is_certain(low, high, words):
    second = row("SASRec", 0.19, against_best=away(-0.01, low, high))
    said = winner(comparison(second, row("OPAL", 0.2)))
    assert said.startswith("OPAL is best on validation and on test: Recall@50 0.2000 ± 0.0010.")
    assert "SASRec, has 0.1900 (−5.0\u00a0%)" in said
    assert words in said


def test_the_best_on_validation_may_lose_on_test():
    other = row("SASRec", 0.21, valid=0.1, against_best=away(0.01, 0.002, 0.018))
    said = winner(comparison(row("OPAL", 0.2), other))
    assert said.startswith("OPAL is best on validation, with Recall@50 0.2000")
    assert "The highest on test, SASRec, has 0.2100" in said


def test_alone_and_nobody():
    assert winner(comparison(row("OPAL", 0.2))) == "OPAL reaches Recall@50 0.2000 ± 0.0010."
    assert winner(comparison()) is None


def test_counts_against_opal():
    rows = [
        row("A", 0.3, against_opal=away(0.1, 0.05, 0.15)),
        row("B", 0.1, against_opal=away(-0.1, -0.15, -0.05)),
        row("C", 0.2, against_opal=away(0.0, -0.05, 0.05)),
    ]
    said = compared_with_opal(comparison(row("OPAL", 0.2), *rows))
    assert said == (
        "Against OPAL, of 3 rows of other models 1 is higher (A), 1 is lower (B) and for 1 the "
        "interval includes 0 (C)."
    )
    assert compared_with_opal(comparison(row("OPAL", 0.2))) is None
    alone = [compared_with_opal(comparison(row("OPAL", 0.2), one)) for one in rows]
    assert alone == [
        "A is higher than OPAL.",
        "B is lower than OPAL.",
        "C is not told apart from OPAL: the interval includes 0.",
    ]


def test_sweeps_join_rows_that_differ_in_k_only():
    def opal(interests, stage="soft", options="", **tuned):
        label = f"OPAL@num_interests={interests}{options}"
        return row(label, 0.1, model="OPAL", stage=stage, interests=interests, settings=tuned)

    rows = [opal(8), opal(1), opal(4), opal(4, "hard"), opal(2, options="@fusion=fixed"),
            row("SASRec", 0.2), opal(2, learning_rate=0.1)]  # fmt: skip
    assert [[r.num_interests for r in group] for group in sweeps(rows)] == [[1, 2, 4, 8]]


def test_lit_rows_are_chosen_by_validation():
    rows = [
        row("soft 4", 0.9, valid=0.1, model="OPAL", stage="soft"),
        row("soft 8", 0.1, valid=0.2, model="OPAL", stage="soft"),
        row("hard", 0.1, model="OPAL", stage="hard"),
        row("MIND", 0.1, interests=4),
        row("REMI", 0.3, interests=4),
        row("SASRec", 0.3),
        row("YouTubeDNN", 0.1),
    ]
    labels = [r.label for r in lit_rows(comparison(*rows), rows)]
    assert labels == ["soft 8", "hard", "REMI", "SASRec", "YouTubeDNN"]

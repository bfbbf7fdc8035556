import numpy as np
import pytest

from recbole_opal.comparison.differences import add_differences, best_row, opal_row
from recbole_opal.comparison.rows import spread
from recbole_opal.statistics import adjust, paired_difference


@pytest.fixture
def rows(row_maker):
    return [
        row_maker("OPAL soft", "OPAL", 0.20, stage="soft"),
        row_maker("OPAL hard", "OPAL", 0.30, stage="hard"),
        row_maker("MIND", "MIND", 0.40),
        row_maker("Pop", "Pop", 0.10),
    ]


def test_references_are_chosen_on_validation(rows):
    rows[0].valid["recall@10"], rows[1].valid["recall@10"] = (
        rows[1].valid["recall@10"],
        rows[0].valid["recall@10"],
    )
    assert best_row(rows, "recall@10", bigger=True).label == "MIND"
    assert opal_row(rows, "recall@10", bigger=True).label == "OPAL soft"
    assert best_row(rows, "recall@10", bigger=False).label == "Pop"
    assert opal_row(rows[2:], "recall@10", bigger=True) is None
    assert best_row([], "recall@10", bigger=True) is None


def test_each_difference_is_that_of_the_statistics(rows):
    add_differences(rows, "recall@10", bigger=True)
    found = rows[0].against_best["recall@10"]
    lone = paired_difference(rows[0].users[1]["recall@10"], rows[2].users[1]["recall@10"])
    assert found["difference"] == pytest.approx(lone.difference)
    assert found["difference"] == pytest.approx(-0.2, abs=0.01)
    assert (found["low"], found["high"]) == pytest.approx((lone.low, lone.high), abs=5e-4)
    assert found["effect_size"] == pytest.approx(lone.effect_size)
    assert found["marked"] is True


def test_the_references_themselves_have_no_entries(rows):
    add_differences(rows, "recall@10", bigger=True)
    assert rows[2].against_best == {}
    assert rows[1].against_opal == {}
    assert set(rows[2].against_opal) == {"recall@10"}


def test_p_values_are_corrected_over_both_references(rows):
    add_differences(rows, "recall@10", bigger=True)
    tests = [row.against_best["recall@10"] for row in rows if row.against_best]
    tests += [row.against_opal["recall@10"] for row in rows if row.against_opal]
    assert len(tests) == 6
    distinct = [test for test in tests if test is not rows[2].against_opal["recall@10"]]
    wanted = adjust([test["p"] for test in distinct])
    assert [test["p_adjusted"] for test in distinct] == pytest.approx(wanted, abs=0)


def test_the_two_references_are_tested_once_against_each_other(row_maker):
    rows = [row_maker("OPAL", "OPAL", 0.400), row_maker("MIND dr", "MIND", 0.402)]
    add_differences(rows, "recall@10", bigger=True)
    found, mirror = rows[0].against_best["recall@10"], rows[1].against_opal["recall@10"]
    assert found["low"] < found["difference"] < found["high"]
    assert 0 < found["p"] < 1
    assert mirror == {
        "difference": -found["difference"], "low": -found["high"], "high": -found["low"],
        "effect_size": -found["effect_size"], "p": found["p"],
        "p_adjusted": found["p"], "marked": found["marked"],
    }  # fmt: skip
    lone = paired_difference(*(row.users[1]["recall@10"] for row in reversed(rows)))
    for name in ("difference", "effect_size", "p"):
        assert mirror[name] == pytest.approx(getattr(lone, name))
    assert (mirror["low"], mirror["high"]) == pytest.approx((lone.low, lone.high), abs=5e-4)


def test_a_mirrored_difference_of_nothing_has_no_sign(row_maker):
    rows = [row_maker("OPAL", "OPAL", 0.5), row_maker("MIND", "MIND", 0.5)]
    rows[1].users = rows[0].users
    rows[1].valid["recall@10"] = spread([0.6])
    add_differences(rows, "recall@10", bigger=True)
    assert str(rows[1].against_opal["recall@10"]["effect_size"]) == "0.0"


def test_where_opal_is_the_best_its_tests_count_once(row_maker):
    rows = [row_maker("OPAL", "OPAL", 0.5), row_maker("MIND", "MIND", 0.2)]
    add_differences(rows, "recall@10", bigger=True)
    found = rows[1].against_best["recall@10"]
    assert found["p_adjusted"] == found["p"]
    assert rows[1].against_opal == rows[1].against_best


def test_without_opal_there_is_nothing_against_it(row_maker):
    rows = [row_maker("MIND", "MIND", 0.5), row_maker("Pop", "Pop", 0.2)]
    add_differences(rows, "recall@10", bigger=True)
    assert [row.against_opal for row in rows] == [None, None]


def test_no_mark_without_a_difference(row_maker):
    rows = [row_maker("A1", "A", 0.5), row_maker("B2", "B", 0.5)]
    rows[1].users[1]["recall@10"] = rows[0].users[1]["recall@10"].copy()
    add_differences(rows, "recall@10", bigger=True)
    assert rows[1].against_best["recall@10"]["marked"] is False


def test_users_are_matched_by_name_and_those_without_a_value_left_out(rows):
    add_differences(rows, "recall@10", bigger=True)
    before = rows[0].against_best["recall@10"]
    order = np.random.default_rng(0).permutation(40)
    names, values = rows[0].users
    rows[0].users = ([names[i] for i in order], {"recall@10": values["recall@10"][:, order]})
    add_differences(rows, "recall@10", bigger=True)
    assert rows[0].against_best["recall@10"]["difference"] == pytest.approx(before["difference"])
    rows[0].users[1]["recall@10"][0, :5] = np.nan
    add_differences(rows, "recall@10", bigger=True)
    assert np.isfinite(rows[0].against_best["recall@10"]["difference"])
    rows[0].users[1]["recall@10"][0, 1:] = np.nan
    add_differences(rows, "recall@10", bigger=True)
    assert rows[0].against_best == {}


def test_failed_rows_are_passed_over(rows):
    rows[3].valid, rows[3].test = {}, {}
    add_differences(rows, "recall@10", bigger=True)
    assert rows[3].against_best == {}
    for row in rows:
        row.valid, row.test = {}, {}
    add_differences(rows, "recall@10", bigger=True)
    assert [row.against_opal for row in rows] == [None] * 4

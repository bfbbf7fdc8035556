import numpy as np
import pytest

from recbole_opal.comparison.differences import add_differences
from recbole_opal.comparison.row import spread
from recbole_opal.comparison.run_files import UserValues
from recbole_opal.statistics import adjust, paired_differences


def paired_difference(one, other, **options):
    """Return the difference of one metric."""
    return paired_differences({"": one}, {"": other}, **options)[""]


@pytest.fixture
def tested(result_maker):
    """Return what adds the differences to rows; their users are made up where none are given."""

    def add(rows, **more):
        result = result_maker(rows, **more)
        add_differences(result)
        return result

    return add


@pytest.fixture
def rows(row_maker):
    return [
        row_maker("OPAL soft", "OPAL", 0.20, stage="soft"),
        row_maker("OPAL hard", "OPAL", 0.30, stage="hard"),
        row_maker("MIND", "MIND", 0.40),
        row_maker("Pop", "Pop", 0.10),
    ]


def test_references_are_chosen_on_validation(rows, result_maker):
    rows[0].valid["recall@10"], rows[1].valid["recall@10"] = (
        rows[1].valid["recall@10"],
        rows[0].valid["recall@10"],
    )
    result = result_maker(rows)
    assert result.best.label == "MIND"
    assert result.opal.label == "OPAL soft"
    for row in rows:
        row.valid["gini@10"] = row.valid["recall@10"]
    turned = result_maker(rows, metric="gini@10")
    assert turned.best.label == "Pop"
    assert turned.opal.label == "OPAL hard"
    assert result_maker(rows[2:]).opal is None
    assert result_maker([]).best is None


def test_each_difference_is_that_of_the_statistics(rows, tested):
    result = tested(rows)
    found = rows[0].against_best["recall@10"]
    lone = paired_difference(*(result.users[rows[n].label].metrics["recall@10"] for n in (0, 2)))
    assert found.difference == pytest.approx(lone.difference)
    assert found.difference == pytest.approx(-0.2, abs=0.01)
    assert (found.low, found.high) == pytest.approx((lone.low, lone.high), abs=5e-4)
    assert found.effect_size == pytest.approx(lone.effect_size)
    assert found.marked is True


def test_the_references_themselves_have_no_entries(rows, tested):
    tested(rows)
    assert rows[2].against_best == {}
    assert rows[1].against_opal == {}
    assert set(rows[2].against_opal) == {"recall@10"}


def test_p_values_are_corrected_over_both_references(rows, tested):
    tested(rows)
    tests = [row.against_best["recall@10"] for row in rows if row.against_best]
    tests += [row.against_opal["recall@10"] for row in rows if row.against_opal]
    assert len(tests) == 6
    distinct = [test for test in tests if test is not rows[2].against_opal["recall@10"]]
    wanted = adjust([test.p for test in distinct])
    assert [test.p_adjusted for test in distinct] == pytest.approx(wanted, abs=0)


def test_the_two_references_are_tested_once_against_each_other(row_maker, tested):
    rows = [row_maker("OPAL", "OPAL", 0.400), row_maker("MIND dr", "MIND", 0.402)]
    result = tested(rows)
    found, mirror = rows[0].against_best["recall@10"], rows[1].against_opal["recall@10"]
    assert found.low < found.difference < found.high
    assert 0 < found.p < 1
    assert mirror.model_dump() == {
        "difference": -found.difference, "low": -found.high, "high": -found.low,
        "effect_size": -found.effect_size, "p": found.p,
        "p_adjusted": found.p, "marked": found.marked,
    }  # fmt: skip
    lone = paired_difference(
        *(result.users[row.label].metrics["recall@10"] for row in reversed(rows))
    )
    for name in ("difference", "effect_size", "p"):
        assert getattr(mirror, name) == pytest.approx(getattr(lone, name))
    assert (mirror.low, mirror.high) == pytest.approx((lone.low, lone.high), abs=5e-4)


def test_a_mirrored_difference_of_nothing_has_no_sign(row_maker, tested):
    rows = [row_maker("OPAL", "OPAL", 0.5), row_maker("MIND", "MIND", 0.5)]
    rows[1].valid["recall@10"] = spread([0.6])
    same = UserValues(["a", "b"], {"recall@10": np.array([[0.1, 0.4]])})
    tested(rows, users={"OPAL": same, "MIND": same})
    assert str(rows[1].against_opal["recall@10"].effect_size) == "0.0"


def test_where_opal_is_the_best_its_tests_count_once(row_maker, tested):
    rows = [row_maker("OPAL", "OPAL", 0.5), row_maker("MIND", "MIND", 0.2)]
    tested(rows)
    found = rows[1].against_best["recall@10"]
    assert found.p_adjusted == found.p
    assert rows[1].against_opal == rows[1].against_best


def test_without_opal_there_is_nothing_against_it(row_maker, tested):
    rows = [row_maker("MIND", "MIND", 0.5), row_maker("Pop", "Pop", 0.2)]
    tested(rows)
    assert [row.against_opal for row in rows] == [None, None]


def test_no_mark_without_a_difference(row_maker, tested):
    rows = [row_maker("A1", "A", 0.5), row_maker("B2", "B", 0.5)]
    same = UserValues(["a", "b"], {"recall@10": np.array([[0.1, 0.4]])})
    tested(rows, users={"A1": same, "B2": same})
    assert rows[1].against_best["recall@10"].marked is False


def test_users_are_matched_by_name_and_those_without_a_value_left_out(rows, tested):
    result = tested(rows)
    before = rows[0].against_best["recall@10"]
    order = np.random.default_rng(0).permutation(40)
    own = result.users["OPAL soft"]
    values = own.metrics["recall@10"][:, order]
    users = {**result.users, "OPAL soft": UserValues([own.users[i] for i in order],
                                                     {"recall@10": values})}  # fmt: skip
    tested(rows, users=users)
    assert rows[0].against_best["recall@10"].difference == pytest.approx(before.difference)
    values[0, :5] = np.nan
    tested(rows, users=users)
    assert np.isfinite(rows[0].against_best["recall@10"].difference)
    values[0, 1:] = np.nan
    tested(rows, users=users)
    assert rows[0].against_best == {}


def test_where_all_users_differ_by_the_same_the_effect_is_infinite(row_maker, tested):
    rows = [row_maker("OPAL", "OPAL", 0.5), row_maker("MIND", "MIND", 0.2)]
    one, other = ({"recall@10": np.array([[v, v]])} for v in (1.0, 0.5))
    result = tested(rows, users={"OPAL": UserValues(["a", "b"], one),
                                 "MIND": UserValues(["a", "b"], other)})  # fmt: skip
    assert rows[1].against_best["recall@10"].effect_size is None
    assert any("-inf" in cells for table in result.tables() for cells in table.cells)


def test_failed_rows_are_passed_over(rows, tested):
    rows[3].valid, rows[3].test = {}, {}
    tested(rows)
    assert rows[3].against_best == {}
    for row in rows:
        row.valid, row.test = {}, {}
    tested(rows)
    assert [row.against_opal for row in rows] == [None] * 4

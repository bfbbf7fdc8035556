"""Where a curve over lambda is as diverse as a control, or finds as much."""

import diversity_at_recall as benchmark
import numpy as np
import pytest

from recbole_opal.report.tradeoffs import LAMBDAS, SHARES, TradeoffCurve


def curve(recall, diversity, knob="diversity", settings=LAMBDAS):
    """Return a curve of three users who all have the same recall but for their own share."""
    users = np.asarray(recall)[:, None] + np.array([-0.1, 0.0, 0.1])
    others = {benchmark.DIVERSITY: np.asarray(diversity), benchmark.COVERAGE: np.asarray(recall)}
    return TradeoffCurve(knob, settings, ["a", "b", "c"], users, others)


def test_a_place_is_where_what_is_left_first_falls_to_nothing():
    assert benchmark.place_of(np.array([0.3, 0.1, -0.1, 0.2])) == pytest.approx(1.5)
    assert benchmark.place_of(np.array([-0.1, 0.4])) == 0.0
    assert benchmark.place_of(np.array([0.4, 0.2])) is None


def test_between_two_places_values_lie_on_a_line():
    values = np.array([[0.0, 1.0], [2.0, 3.0], [6.0, 5.0]])
    assert benchmark.between(values, 1.25).tolist() == [3.0, 3.5]
    assert benchmark.between(values, 2.0).tolist() == [6.0, 5.0]


def test_lists_are_told_at_the_controls_diversity_and_at_its_recall(capsys):
    steps = np.arange(len(LAMBDAS))
    several = curve(0.50 - 0.01 * steps, 0.20 + 0.10 * steps)
    control = curve(0.46 - 0.01 * steps, 0.25 + 0.05 * steps)
    shares = np.arange(len(SHARES))
    by_share = curve(0.50 - 0.02 * shares, 0.20 + 0.05 * shares, "by_share", SHARES)
    curves = {"diversity": several, "by_share": by_share}
    benchmark.tell(curves, control, "log: one vector")
    rows = [line.strip("|").split("|") for line in capsys.readouterr().out.splitlines()]
    found = {name.strip(): [cell.strip() for cell in cells] for name, *cells in rows}
    assert found["control"][:3] == ["0.4600", "", "0.2500"]
    assert found["plain"][:3] == ["0.5000", "+0.0400 [+0.0400, +0.0400]", "0.2000"]
    assert found["as diverse"][:3] == ["0.4950", "+0.0350 [+0.0350, +0.0350]", "0.2500"]
    as_much = ["0.4600", "+0.0000 [+0.0000, +0.0000]"]
    assert found["finding as much, by the rule"][:3] == [*as_much, "0.6000"]
    assert found["finding as much, by shares"] == [*as_much, "0.3000", "0.4600", "0.500"]
    assert found["both re-ranked"][2] == "0.250 to 0.600"


def test_a_knob_that_never_costs_as_much_is_told_at_its_end(capsys):
    steps = np.arange(len(LAMBDAS))
    several = dict.fromkeys(
        ("diversity", "by_share"), curve(0.5 - 0.001 * steps, 0.2 + 0.1 * steps)
    )
    benchmark.tell(several, curve(0.4 - 0.001 * steps, 0.1 * steps), "log: one vector")
    assert "| finding more to the end, by the rule | 0.4930 |" in capsys.readouterr().out


def test_what_no_lambda_reaches_is_said(capsys):
    flat = np.zeros(len(LAMBDAS))
    several = dict.fromkeys(("diversity", "by_share"), curve(0.4 + flat, 0.2 + flat))
    benchmark.tell(several, curve(0.5 + flat, 0.3 + flat), "log: one vector")
    told = capsys.readouterr().out
    assert "| as diverse | nowhere |" in told
    assert "| finding as much, by the rule | nowhere |" in told

"""Two curves where their lists are equally diverse."""

import numpy as np
import pytest

from recbole_opal.report.equal_diversity import at_equal_diversity, verdict
from recbole_opal.report.tradeoffs import TradeoffCurve

USERS = 300


def curve(diversity, means, *, noise=0.0, users=USERS, seed=0):
    """Return a curve whose users have the means, and some noise that all settings share."""
    own = np.random.default_rng(seed).normal(0, noise, users)
    accuracy = np.array(means)[:, None] + own
    tokens = [f"u{number:04}" for number in range(users)]
    return TradeoffCurve("diversity", (0.0, 0.1), tokens, accuracy, {"d": np.array(diversity)})


def test_by_hand():
    """Over 0.5..0.6 one falls from 0.2 to 0.1, the other lies at 0.1 all along."""
    found = at_equal_diversity(curve([0.5, 0.6], [0.2, 0.1]), curve([0.4, 0.8], [0.1, 0.1]), "d")
    assert (found.low, found.high) == (0.5, 0.6)
    assert found.whole.difference == pytest.approx(0.05)
    assert found.near.difference > found.whole.difference > found.far.difference > 0
    assert verdict(found.whole) == "better"


def test_the_mean_is_that_of_the_area_between_the_curves():
    bent = curve([0.5, 0.6, 0.7], [0.3, 0.1, 0.1])
    found = at_equal_diversity(bent, curve([0.5, 0.7], [0.0, 0.0]), "d")
    assert found.whole.difference == pytest.approx(0.15)
    assert (found.near.difference, found.far.difference) == pytest.approx((0.2, 0.1))


def test_the_other_way_round_it_is_worse():
    found = at_equal_diversity(curve([0.4, 0.8], [0.1, 0.1]), curve([0.5, 0.6], [0.2, 0.1]), "d")
    assert found.whole.difference == pytest.approx(-0.05)
    assert verdict(found.whole) == "worse"


def test_chance_is_no_difference():
    one = curve([0.4, 0.6], [0.2, 0.1], noise=0.1, seed=1)
    other = curve([0.5, 0.7], [0.15, 0.05], noise=0.1, seed=2)  # on the same line
    assert verdict(at_equal_diversity(one, other, "d").whole) == "no difference"


def test_a_knob_may_turn_back():
    """What counts is the diversity that is reached, not the order of the settings."""
    one = curve([0.6, 0.4, 0.5], [0.1, 0.3, 0.2])
    found = at_equal_diversity(one, curve([0.4, 0.6], [0.3, 0.1]), "d")
    assert found.whole.difference == pytest.approx(0.0)


def test_settings_of_equal_diversity_do_not_divide_by_nothing():
    one = curve([0.4, 0.4, 0.6], [0.2, 0.2, 0.1])
    assert at_equal_diversity(one, one, "d").whole.difference == 0


@pytest.mark.parametrize("apart", [[0.8, 0.9], [0.7, 0.7], [np.nan, np.nan]])
def test_curves_that_reach_no_common_diversity(apart):
    assert at_equal_diversity(curve([0.4, 0.7], [0.2, 0.1]), curve(apart, [0.2, 0.1]), "d") is None


def test_users_of_both_count():
    one, other = curve([0.4, 0.6], [0.2, 0.1]), curve([0.4, 0.6], [0.1, 0.1], users=40)
    assert at_equal_diversity(one, other, "d").whole.n == 40

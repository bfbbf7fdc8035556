import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recbole_opal.report.charts.scale import Linear, Logarithmic, outliers

finite = st.floats(-1e6, 1e6, allow_nan=False)


def test_places():
    scale = Linear(0.0, 10.0, 100.0, 0.0)
    assert [scale.at(0), scale.at(5), scale.at(10)] == [100.0, 50.0, 0.0]


@given(st.lists(finite, max_size=20), st.booleans())
def test_everything_lies_within_and_ticks_too(values, zero):
    scale = Linear.over([*values, math.nan], 0.0, 100.0, zero=zero)
    assert scale.low < scale.high
    for value in values:
        assert -1e-6 <= scale.at(value) <= 100 + 1e-6
    ticks = scale.ticks()
    assert 1 <= len(ticks) <= 12
    assert all(-1e-6 <= scale.at(tick) <= 100 + 1e-6 for tick, _ in ticks)
    assert len({text for _, text in ticks}) == len(ticks)


def test_a_scale_with_zero_starts_there():
    assert Linear.over([2.0, 4.0], 0, 1, zero=True).low == 0
    assert Linear.over([2.0, 4.0], 0, 1).low > 1.5


@pytest.mark.parametrize(
    ("low", "high", "texts"),
    [
        (0.0, 1.0, ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]),
        (-0.011, 0.011, ["−0.010", "−0.005", "0.000", "0.005", "0.010"]),
        (0.0, 0.1, ["0.00", "0.02", "0.04", "0.06", "0.08", "0.10"]),
        (0.0, 12.0, ["0.0", "2.5", "5.0", "7.5", "10.0"]),
    ],
)
def test_ticks_are_round_and_have_the_digits_they_need(low, high, texts):
    scale = Linear(low, high, 0, 1)
    assert [text for _, text in scale.ticks()] == texts


def test_steps():
    steps = Linear.of_steps(4, 0.0, 100.0)
    assert [steps.at(i) for i in range(4)] == [12.5, 37.5, 62.5, 87.5]


def test_outliers_by_hand():
    """Of 1, 2, 3, 4, 5, 6 and x the quartiles are 2 and 6: the fences are -10 and 18.

    At 51.1 the others have less than a tenth of the scale.
    """
    close = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]
    assert outliers([*close, 51.1]) == [False] * 6 + [True]
    assert not any(outliers([*close, 50.9]))
    assert outliers([1.0, 100.0]) == [False, False]


def test_a_best_row_a_little_apart_from_five_equal_ones_is_drawn():
    assert not any(outliers([0.4401, 0.4426, 0.4428, 0.4430, 0.4434, 0.4466]))


def test_powers_of_ten_are_equally_far_apart():
    scale = Logarithmic.over([2.0, 200.0], 0.0, 100.0)
    assert scale.at(20.0) - scale.at(2.0) == pytest.approx(scale.at(200.0) - scale.at(20.0))
    assert [text for _, text in scale.ticks()] == ["3", "10", "30", "100", "300"]
    assert 0 < scale.at(2.0) < scale.at(200.0) < 100


@pytest.mark.parametrize("values", [[1.0], [1.0, 1.01], [0.002, 0.0021], [1e-4, 1e6], [], [0.0]])
def test_every_scale_of_powers_has_two_ticks_within(values):
    scale = Logarithmic.over(values, 0.0, 100.0)
    ticks = scale.ticks()
    assert len({text for _, text in ticks}) == len(ticks) >= 2
    assert all(-1e-6 <= scale.at(value) <= 100 + 1e-6 for value, _ in ticks)


def test_a_far_baseline_among_close_models():
    close = [0.250 + 0.002 * i for i in range(12)]
    assert outliers([*close, 0.03]) == [False] * 12 + [True]


def test_a_scale_has_two_ticks_at_least_and_tells_them_apart():
    for low, high in ((0.05, 0.18), (0.096, 0.104), (6.9, 8.1), (-0.4, 0.3), (0.0, 1.0)):
        scale = Linear(low, high, 0, 100)
        for wanted in (1, 2, 3, 5):
            ticks = scale.ticks(wanted)
            assert len(ticks) >= 2
            assert all(low <= tick <= high + 1e-9 for tick, _ in ticks)
            assert len({text for _, text in ticks}) == len(ticks)

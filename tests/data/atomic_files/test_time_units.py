"""The unit of a column of times is judged once, from all of it; what comes out are seconds."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recbole_opal.data.atomic_files.time_units import (
    PER_SECOND,
    as_seconds,
    interval_in_seconds,
    judged_unit,
    near,
    to_seconds,
)
from recbole_opal.errors import DataError

MICROS = st.integers(631_152_000 * 10**6, 4_102_444_799 * 10**6)
LOGS = st.lists(MICROS, min_size=1, max_size=20)


def read(numbers, unit=None):
    def place(wrong):
        return f"x.inter, row {int(wrong.argmax())}"

    return as_seconds(np.array(numbers, dtype=np.float64), unit, "timestamp", place)


def refusal(numbers, unit=None):
    with pytest.raises(DataError) as caught:
        read(numbers, unit)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@given(LOGS)
def test_a_log_is_the_same_to_the_last_bit_in_every_unit(micros):
    exact = np.array([float(f"{micro // 10**6}.{micro % 10**6:06d}") for micro in micros])
    texts = {
        "seconds": [f"{micro // 10**6}.{micro % 10**6:06d}" for micro in micros],
        "milliseconds": [f"{micro // 1000}.{micro % 1000:03d}" for micro in micros],
        "microseconds": [f"{micro}" for micro in micros],
        "nanoseconds": [f"{micro}000" for micro in micros],
    }
    whole = [micro // 1000 * 1000 for micro in micros]
    for unit, written in texts.items():
        seconds, found = read([float(text) for text in written])
        assert found == unit
        if unit != "milliseconds":  # with a fraction they are rounded once more
            np.testing.assert_array_equal(seconds, exact)
    millis, found = read([float(micro // 1000) for micro in whole])
    assert found == "milliseconds"
    np.testing.assert_array_equal(millis, [float(f"{m // 10**6}.{m % 10**6:06d}") for m in whole])


@given(LOGS, st.sampled_from(list(PER_SECOND)), st.randoms(use_true_random=False))
def test_zeros_and_other_odd_times_change_nothing(micros, unit, random):
    odd = [random.choice([0, 1, 5]) for _ in range(len(micros) * random.randint(0, 5))]
    numbers = [micro / 1e6 * PER_SECOND[unit] for micro in micros] + odd
    seconds, found = read(numbers)
    assert found == unit
    np.testing.assert_array_equal(seconds, to_seconds(np.array(numbers), unit))


@pytest.mark.parametrize(
    "numbers",
    [
        range(12),
        [0],
        [1],
        [0.0, 0.25, 1.0],
        [1985, 1999, 2024],  # years
        [19_723.5, 19_724],  # days
        [25_000, 44_197],
        list(range(1, 2_000_000, 7919)),
        [5e11, 5.1e11],  # milliseconds of 1985, or anything
        [20_249_999, 20_240_000],  # no dates
        [7e8, *range(12)],  # one of them may be any number
    ],
)
def test_numbers_that_only_tell_an_order_are_left_alone(numbers):
    seconds, unit = read(numbers)
    assert unit == "number"
    assert seconds.tolist() == [float(number) for number in numbers]


@pytest.mark.parametrize(
    ("numbers", "unit", "seconds"),
    [
        ([20_240_131, 20_240_201], "date", [1_706_659_200, 1_706_745_600]),
        ([20_240_131_235_959], "datetime", [1_706_745_599]),
    ],
)
def test_dates_written_as_digits_are_days_and_not_numbers(numbers, unit, seconds):
    assert read(numbers)[1] == unit
    assert read(numbers)[0].tolist() == seconds
    assert read(numbers, "number")[0].tolist() == numbers


@pytest.mark.parametrize(
    ("numbers", "told"),
    [
        ([1.6e9, 1.6e9, 1.6e12], "row 2: timestamp is 1600000000000, which looks like milli"),
        (
            [1.6e12, 1.6e9, 1.6e12],
            "row 1: timestamp is 1600000000, which looks like seconds since 1970",
        ),
        ([1.6e18, 1.6e15, 1.6e18], "looks like microseconds"),
        ([*range(30), 1.6e12], "row 30: timestamp is 1600000000000, which looks like"),
        ([20_240_131] * 30 + [3], "row 30: timestamp is 3, which looks like no date"),
    ],
)
def test_mixed_units_are_refused_with_the_row_and_a_way_out(numbers, told):
    message = refusal(numbers)
    assert told in message
    assert "--time_unit=number to take them as they are." in message
    assert read(numbers, "number")[0].tolist() == list(map(float, numbers))


def test_a_unit_that_is_given_is_not_doubted_but_where_it_cannot_be():
    assert read([5e11, 5.1e11], "milliseconds")[0].tolist() == [5e8, 5.1e8]
    assert read([0, 3.6e9], "milliseconds")[0].tolist() == [0, 3.6e6]  # since the log's start
    assert "--time_unit=seconds was given" in refusal([1.6e12], "seconds")
    assert "looks like seconds" in refusal([1.6e12, 1.6e9], "milliseconds")


def test_times_in_settings_may_be_in_the_unit_of_the_file():
    assert near(1.6e12, "milliseconds") == near(1.6e9, "milliseconds") == 1.6e9
    assert near(20_200_913, "date") == 1_599_955_200
    assert near(7, "nanoseconds") == 7
    assert interval_in_seconds("[1600000000000,inf)", "milliseconds") == "[1600000000.0,inf)"
    assert interval_in_seconds("(0,1.6e18]", "nanoseconds") == "(0.0,1600000000.0]"


def test_a_few_odd_times_do_not_hide_the_unit():
    assert judged_unit(np.array([1.6e12] + [np.nan] * 50)) == "milliseconds"
    assert judged_unit(np.array([np.nan])) == "number"

from datetime import datetime, timezone

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recbole_opal.conversion.source import Tally
from recbole_opal.conversion.times import TIME_UNITS, TimeReader
from recbole_opal.errors import DataError, SettingsError

NOON = datetime(2022, 4, 11, 12, tzinfo=timezone.utc).timestamp()


def column(texts):
    return pd.Series(texts, dtype=object).rename_axis("log.csv, line")


def read(*chunks, unit=None):
    tally = Tally()
    clock = TimeReader(tally, "ts", unit)
    seconds = [clock.seconds(column(texts)).tolist() for texts in chunks]
    return seconds, clock.unit, tally.notes


@pytest.mark.parametrize(
    ("text", "unit"),
    [
        ("1649678400", "seconds"),
        ("1649678400.0", "seconds"),
        ("1.6496784e9", "seconds"),
        ("1649678400000", "milliseconds"),
        ("1649678400000000", "microseconds"),
        ("1649678400000000000", "nanoseconds"),
        ("2022-04-11 12:00:00", "iso"),
        ("2022-04-11T12:00", "iso"),
        ("2022-04-11T12:00:00Z", "iso_zone"),
        ("2022-04-11 12:00:00 UTC", "iso_zone"),
        ("2022-04-11T20:00:00.000+08:00", "iso_zone"),
        ("2022-04-11T20:00:00+0800", "iso_zone"),
        ("2022-04-11T07:00:00-05", "iso_zone"),
    ],
)
def test_the_same_moment_in_every_form(text, unit):
    (seconds,), found, notes = read([text])
    assert seconds == [NOON]
    assert found == unit
    assert len(notes) == 1
    assert notes[0].startswith("times: ts holds ")


def test_dates_alone_are_midnight():
    assert read(["2022-04-11"])[0] == [[NOON - 43200]]
    assert read(["20220411", "20220412"])[:2] == ([[NOON - 43200, NOON + 43200]], "date")


def test_fractions_are_kept():
    assert read(["1649678400123"])[0] == [[NOON + 0.123]]
    assert read(["2022-04-11 12:00:00.25"])[0] == [[NOON + 0.25]]


def test_small_numbers_are_taken_as_they_are():
    (seconds,), unit, notes = read(["0", "5", "-1", "x", ""])
    assert unit == "number"
    assert np.array_equal(seconds, [0, 5, np.nan, np.nan, np.nan], equal_nan=True)
    assert "no known unit" in notes[0]


def test_odd_values_are_nan_and_do_not_hide_the_unit():
    odd = ["", "0", "-5", "inf", "nan", "x", "1e300"]
    (first, second), unit, _ = read(["1649678400", *odd], [*odd, "1649678401"])
    assert unit == "seconds"
    assert np.isnan(first[1:]).all()
    assert np.isnan(second[:-1]).all()
    assert second[-1] == NOON + 1


def test_blank_chunks_teach_nothing():
    assert read([], ["", " "], ["1649678400"])[1] == "seconds"


FORMS = ["1649678400", "1649678400000", "1649678400000000", "2022-04-11", "2022-04-11T12:00:00Z"]


@pytest.mark.parametrize("later", FORMS)
@pytest.mark.parametrize("first", FORMS)
def test_two_forms_in_a_log_are_refused(first, later):
    if first == later:
        read([first], [later])
        return
    with pytest.raises(DataError, match=f"log.csv, line 1: the time '{later}' looks like"):
        read([first], [first, later])


def test_text_that_is_no_time_is_told():
    with pytest.raises(DataError, match=r"no time is recognised in ts \(as 'Monday'\)"):
        read(["", "Monday"])


def test_numbers_that_are_not_exact_are_no_times():
    (seconds,) = read(["5", "9007199254740991", "9007199254740993", "1e19"], unit="number")[0]
    assert np.array_equal(seconds, [5, 2**53 - 1, np.nan, np.nan], equal_nan=True)


def test_a_unit_can_be_given():
    assert read(["5"], unit="number")[0] == [[5.0]]
    assert np.isnan(read(["5"], unit="seconds")[0][0]).all()
    with pytest.raises(SettingsError, match="choose from seconds"):
        read(["5"], unit="sec")


MOMENTS = st.datetimes(
    datetime(1990, 1, 2), datetime(2099, 12, 30), timezones=st.just(timezone.utc)
)


@given(st.lists(MOMENTS, min_size=1), st.sampled_from([1, 1000, 1_000_000]))
def test_numbers_and_iso_agree(moments, factor):
    exact = [round(moment.timestamp() * factor) for moment in moments]
    (numbers,), _, _ = read([str(one) for one in exact])
    assert np.allclose(numbers, [one / factor for one in exact], rtol=0, atol=1e-5)
    (isos,), unit, _ = read([moment.isoformat() for moment in moments])
    assert unit == "iso_zone"
    assert np.allclose(isos, [moment.timestamp() for moment in moments], rtol=0, atol=1e-5)


@given(st.lists(st.text(max_size=25)), st.sampled_from([None, *TIME_UNITS]))
def test_any_text_is_a_number_or_a_data_error(texts, unit):
    try:
        (seconds,), _, _ = read(texts, unit=unit)
    except DataError:
        return
    assert len(seconds) == len(texts)

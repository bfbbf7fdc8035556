from datetime import datetime, timezone

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recbole_opal.conversion import times
from recbole_opal.conversion.times import TIME_UNITS
from recbole_opal.errors import DataError, SettingsError
from tests.conversion.reading import read_times

NOON = datetime(2022, 4, 11, 12, tzinfo=timezone.utc).timestamp()


def read(*groups, unit=None):
    seconds, clock = read_times([text for texts in groups for text in texts], unit)
    ends = np.cumsum([len(texts) for texts in groups]).tolist()
    parts = [seconds[start:end] for start, end in zip([0, *ends], ends, strict=False)]
    return parts, clock.unit, clock.notes


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
        ("2022-04-11 12:00:00 GMT", "iso_zone"),
        ("2022-04-11T20+08:00", "iso_zone"),
        ("2022-04-11T20:00:00,000+08:00", "iso_zone"),
        ("20220411120000", "datetime"),
        ("20220411120000.0", "datetime"),
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
    assert read(["2022-04-11 12:00:00,25", "2022-04-11 12:00:01"])[0] == [[NOON + 0.25, NOON + 1]]


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


@pytest.mark.parametrize("missing", ["0", r"\N", "NULL", "nan", "-1", "0000-00-00 00:00:00"])
def test_what_stands_for_no_time_teaches_nothing(missing):
    (first, second), unit, _ = read([missing] * 3, [missing, "1649678400000"])
    assert unit == "milliseconds"
    assert np.isnan([*first, second[0]]).all()
    assert second[1] == NOON


def test_a_log_without_any_time_is_told_at_its_end():
    read([])
    with pytest.raises(
        DataError, match=r"line 1: no time is recognised in ts \(as '0'\).*--time_u"
    ):
        read(["", "0", r"\N"])


def test_many_zeros_that_turn_out_to_be_times_are_told(monkeypatch):
    assert read(["0", "0"], ["0", "1", "2"])[0] == [[0, 0], [0, 1, 2]]
    monkeypatch.setattr(times, "_SAMPLE", 3)
    with pytest.raises(DataError, match="line 0: .* zeros, .* line 3 on; write .*unit=number"):
        read(["0", "0"], ["0", "1", "2"])
    assert read(["0", "0"], ["0", "1"], unit="number")[0] == [[0, 0], [0, 1]]


def test_the_unit_is_learnt_from_rows_that_a_label_leaves_out():
    seconds, clock = read_times(["12"], learnt=["1649678400"] * 5)
    assert np.isnan(seconds).all()
    assert clock.unit == "seconds"
    assert len(clock.notes) == 1


LATER = ["1649678400", "1649678400000", "1649678400000000", "1649678400000000000"]


@pytest.mark.parametrize("later", [*LATER, "2022-04-11", "20220411120000"])
def test_a_number_that_was_recognised_is_doubted(later):
    with pytest.raises(DataError, match=f"the time '{later}' looks like .* --time_unit"):
        read(["1", "2"] * 10, ["3", later])
    if "-" not in later and float(later) < 2**53:
        assert read(["1", "2"], ["3", later], unit="number")[0][1] == [3, float(later)]


def test_days_of_excel_are_no_seconds():
    with pytest.raises(DataError, match=r"Excel counts them \(as '45322.5'\).*--time_unit=number"):
        read(["", "45322.5", "45322.75", "45323"])
    assert read(["45322.5"], unit="number")[0] == [[45322.5]]
    assert read(["45322", "45323"])[1] == "number"


@pytest.mark.parametrize("unit", [None, "iso_zone"])
@pytest.mark.parametrize("text", ["2024-01-31 12:00:00 +0800 CST", "31.01.2024", "2024-31-01"])
def test_the_first_text_of_a_form_that_cannot_be_read_is_told(unit, text):
    with pytest.raises(DataError, match="line 1: no time is recognised in ts") as caught:
        read(["", text, text], unit=unit)
    assert f"(as '{text}'); give" in str(caught.value)


@pytest.mark.parametrize("unit", ["iso", "date", "datetime", "seconds"])
def test_a_unit_that_is_given_wrongly_is_told_by_the_right_one(unit):
    with pytest.raises(DataError, match="looks like milliseconds since 1970, but ts must hold"):
        read(["1649678400000"], unit=unit)


def test_a_layout_names_no_flag_that_it_lacks():
    notes = []
    with pytest.raises(DataError, match="but ts must hold seconds.*convert the file with --user"):
        read_times(["1649678400000"], "seconds", by_flag=False, notes=notes)
    assert notes == []


FORMS = [
    *("1649678400", "1649678400000", "1649678400000000", "20220411120000"),
    *("2022-04-11", "2022-04-11T12:00:00Z"),
]


@pytest.mark.parametrize("later", FORMS)
@pytest.mark.parametrize("first", FORMS)
def test_two_forms_in_a_log_are_refused(first, later):
    if first == later:
        read([first], [later])
        return
    with pytest.raises(DataError, match=f"log.csv, line 20: the time '{later}' looks like"):
        read([first] * 20, [later])


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


@settings(max_examples=25)
@given(st.lists(MOMENTS, min_size=1), st.sampled_from([1, 1000, 1_000_000]))
def test_numbers_and_iso_agree(moments, factor):
    exact = [round(moment.timestamp() * factor) for moment in moments]
    (numbers,), _, _ = read([str(one) for one in exact])
    assert np.allclose(numbers, [one / factor for one in exact], rtol=0, atol=1e-5)
    (isos,), unit, _ = read([moment.isoformat() for moment in moments])
    assert unit == "iso_zone"
    assert np.allclose(isos, [moment.timestamp() for moment in moments], rtol=0, atol=1e-5)


@settings(max_examples=25)
@given(st.lists(st.text(max_size=25)), st.sampled_from([None, *TIME_UNITS]))
def test_any_text_is_a_number_or_a_data_error(texts, unit):
    try:
        (seconds,), _, _ = read(texts, unit=unit)
    except DataError:
        return
    assert len(seconds) == len(texts)


@pytest.mark.parametrize("text", ["2022-04-11T120000", "2022-04-11T1200", "2022-04-11T12:00:00"])
@pytest.mark.parametrize(("zone", "hours"), [("", 0), ("Z", 0), (" +08:00", 8), ("-0330", -3.5)])
def test_iso_clocks_without_colons_and_zones_behind_a_blank(text, zone, hours):
    assert read([text + zone])[0] == [[NOON - 3600 * hours]]

from datetime import datetime, timezone

import numpy as np
import pandas as pd
import pytest

from recbole_opal.conversion.written_dates import (
    check_format,
    likely_formats,
    written_in_seconds,
)
from recbole_opal.errors import DataError, SettingsError
from recbole_opal.sql import opened_engine
from tests.conversion.reading import read_times


def asked(texts, ask):
    with opened_engine() as engine:
        engine.register("texts", pd.DataFrame({"t": texts}))
        return ask(engine)


def read_dates(texts, form):
    sql = f"SELECT {written_in_seconds(form)} FROM texts"
    found = asked(texts, lambda engine: engine.rows(sql))
    return np.array([np.nan if one is None else one for (one,) in found])


def moment(*parts):
    return datetime(*parts, tzinfo=timezone.utc).timestamp()


@pytest.mark.parametrize(
    ("texts", "formats"),
    [
        (["13/01/2021"], ["%d/%m/%Y"]),
        (["01/13/2021"], ["%m/%d/%Y"]),
        (["03/04/2021"], ["%d/%m/%Y", "%m/%d/%Y"]),
        (["03/03/2021"], ["%d/%m/%Y", "%m/%d/%Y"]),
        (["03/04/2021", "13/04/2021"], ["%d/%m/%Y"]),
        (["13/04/2021", "04/13/2021"], []),
        (["13.01.2021 10:20"], ["%d.%m.%Y %H:%M"]),
        (["3/4/21"], ["%d/%m/%y", "%m/%d/%y"]),
        (["2021/01/13 05:06:07"], ["%Y/%m/%d %H:%M:%S"]),
        (["May 5, 2021"], ["%b %d, %Y"]),
        (["13 January 2021"], ["%d %B %Y"]),
        (["1/13/2021 3:04 PM"], ["%m/%d/%Y %I:%M %p"]),
        (["Wed Apr 10 00:00:00 +0800 2019"], ["%a %b %d %H:%M:%S %z %Y"]),
        (["1980-05-01"], ["%Y-%m-%d"]),
        (["1960-05-01"], []),
        (["yesterday"], []),
        (["20210113"], []),
    ],
)
def test_the_formats_that_fit(texts, formats):
    assert asked(texts, lambda engine: likely_formats(engine, "texts")) == formats
    for form in formats:
        check_format(form)


@pytest.mark.parametrize("form", ["%d/%m", "x", "%", "%H:%M", "%Q", "%s", "\ud800%d%m%Y", "%Y"])
def test_a_format_without_a_date_is_refused_with_one_that_works(form):
    with pytest.raises(SettingsError, match="--time_format=%d/%m/%Y"):
        check_format(form)
    check_format("%d/%m/%Y")
    check_format("%d.%m.%Y %H:%M:%S")


def test_dates_are_read_by_the_format_alone():
    texts = ["03/04/2021", " 13/04/2021 ", "04/13/2021", ""]
    seconds = read_dates(texts, "%d/%m/%Y")
    expected = [moment(2021, 4, 3), moment(2021, 4, 13), np.nan, np.nan]
    assert np.array_equal(seconds, expected, equal_nan=True)
    zoned = read_dates(["03/04/2021 01:00 +0100"], "%d/%m/%Y %H:%M %z")
    assert zoned.tolist() == [moment(2021, 4, 3)]


def test_a_date_of_another_form_is_refused_with_its_line():
    seconds, clock = read_times(["03/04/2021", "", "NULL"], form="%d/%m/%Y")
    assert np.array_equal(seconds, [moment(2021, 4, 3), np.nan, np.nan], equal_nan=True)
    assert clock.notes == ["times: ts holds dates as %d/%m/%Y, UTC where no zone is written"]
    with pytest.raises(DataError, match="log.csv, line 1: '04/13/2021' in ts is no date as %d/%m"):
        read_times(["03/04/2021", "04/13/2021"], form="%d/%m/%Y")


def test_an_ambiguous_date_is_never_guessed():
    with pytest.raises(DataError, match="%d/%m/%Y if the day stands first, --time_format=%m/%d/%Y"):
        read_times(["03/04/2021", "05/06/2021"])


@pytest.mark.parametrize(
    ("text", "form", "expected"),
    [
        ("03/04/2021 10:00 Z", "%d/%m/%Y %H:%M %z", moment(2021, 4, 3) + 36000),
        ("Sat Apr 03 00:00:00 2021", "%c", moment(2021, 4, 3)),
        ("04/03/21", "%x", moment(2021, 4, 3)),
        ("03\u00a004  2021", "%d %m %Y", moment(2021, 4, 3)),
        ("03/04/2021 %", "%d/%m/%Y %%", moment(2021, 4, 3)),
    ],
)
def test_a_format_means_what_it_does_in_python(text, form, expected):
    check_format(form)
    assert read_dates([text], form).tolist() == [expected]

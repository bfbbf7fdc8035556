"""The forms in which logs write times: how to tell them apart, and how to read each."""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import pandas as pd

from recbole_opal.conversion.cells import MISSING
from recbole_opal.data.atomic_files import time_units
from recbole_opal.data.atomic_files.time_units import (
    DIGITS,
    EXACT_BELOW,
    PER_SECOND,
    digit_dates,
    in_range,
    likely_unit,
    to_seconds,
)

__all__ = ["PER_SECOND", "TIME_UNITS", "are_excel_days", "forms", "is_missing", "read", "recognise"]

BoolArray = npt.NDArray[np.bool_]
FloatArray = npt.NDArray[np.float64]

TIME_UNITS = {
    unit: meaning for unit, meaning in time_units.TIME_UNITS.items() if unit != "order"
} | {
    "iso": "ISO dates without a zone, taken as UTC",
    "iso_zone": "ISO dates with their zone",
}
_ISO = r"^\s*(?!0000)\d{4}-\d\d"  # the year 0 stands for no date in MySQL
# Behind the hour, which may stand alone; a date alone has no zone.
_ZONE = r"\d[Tt ]\d\d(?::?\d\d){0,2}(?:[.,]\d+)?\s?(?:[Zz]|UTC|GMT|[+-]\d\d:?(?:\d\d)?)\s*$"
_ZERO = re.compile(r"-1(\.0*)?|[-+0.:TZ\s]*")  # 0, -1, 0000-00-00 00:00:00


def is_missing(text: str) -> bool:
    r"""Tell whether a text stands for no time in many logs: empty, `nan`, `\N`, `0`, `-1`."""
    bare = text.strip()
    return bare.lower() in MISSING or _ZERO.fullmatch(bare) is not None


def recognise(texts: pd.Series, numbers: FloatArray) -> str | None:
    """Return the unit of the times, one of `TIME_UNITS`; None if nothing looks like a time.

    Args:
        texts: (n,) text.
        numbers: (n,) the same as numbers, NaN where a text is none.
    """
    likely = likely_unit(numbers)
    if likely is not None:
        return likely
    found = numbers[np.isfinite(numbers) & (numbers > 0)]
    isos = texts.str.match(_ISO)
    if isos.sum() > len(found):
        zoned = texts[isos].str.contains(_ZONE, regex=True)
        return "iso_zone" if zoned.iloc[0] else "iso"
    if not len(found):
        return None
    for unit in DIGITS:
        if np.isfinite(read(texts, numbers, unit)).sum() >= 0.9 * len(found):
            return unit
    return "number"


def are_excel_days(numbers: FloatArray) -> bool:
    """Tell whether numbers are days as Excel counts them, 25569.5 for noon of 1 January 1970."""
    found = numbers[np.isfinite(numbers) & (numbers > 0)]
    days = found[(found >= 25_000) & (found < 80_000)]
    # Whole numbers of this size may be anything.
    return 2 * len(days) > len(found) and 2 * int((days % 1 > 0).sum()) > len(days)


def read(texts: pd.Series, numbers: FloatArray, unit: str) -> FloatArray:
    """Return (n,) seconds since 1970, NaN where a text is not of the unit, or not of 1990 to 2099.

    Of the unit `number` any number from 0 to 2^53 is taken.

    Args:
        texts: (n,) text.
        numbers: (n,) the same as numbers, NaN where a text is none.
        unit: one of `TIME_UNITS`.
    """
    if unit in PER_SECOND:
        return np.where(in_range(numbers, unit), to_seconds(numbers, unit), np.nan)
    if unit == "number":
        return np.where((numbers >= 0) & (numbers < EXACT_BELOW), numbers, np.nan)
    if unit in DIGITS:
        return digit_dates(numbers, unit)
    dated, zoned = _iso_forms(texts)
    return _bounded(
        _parsed(_plain_iso(texts.where(dated & (zoned == (unit == "iso_zone")))), "ISO8601")
    )


def forms(texts: pd.Series, numbers: FloatArray) -> Iterator[tuple[str, BoolArray]]:
    """Yield units with (n,) True where a text looks like a time of theirs, and of no other's.

    `date` and `number` are left out: what looks like them may be an odd value of another unit.

    Args:
        texts: (n,) text.
        numbers: (n,) the same as numbers, NaN where a text is none.
    """
    for unit in PER_SECOND:
        yield unit, in_range(numbers, unit)
    yield "datetime", np.isfinite(read(texts, numbers, "datetime"))
    dated, zoned = _iso_forms(texts)
    yield "iso", dated & ~zoned
    yield "iso_zone", dated & zoned


def _iso_forms(texts: pd.Series) -> tuple[BoolArray, BoolArray]:
    """Return where texts begin as ISO dates do, and where they end with a zone."""
    dated = texts.str.match(_ISO).to_numpy(bool)
    return dated, texts.str.contains(_ZONE, regex=True).to_numpy(bool)


def _plain_iso(texts: pd.Series) -> pd.Series:
    """Return ISO dates as pandas reads them."""
    # Spark and BigQuery write the zone as a word, Python's logging a comma before the fraction.
    plain = texts.str.replace(r"\s?(?:UTC|GMT)\s*$", "Z", regex=True)
    if plain.str.contains(",", regex=False).any():
        plain = plain.str.replace(r"(:\d\d),(\d)", r"\1.\2", regex=True)
    return plain


def _bounded(seconds: FloatArray) -> FloatArray:
    return np.where(in_range(seconds, "seconds"), seconds, np.nan)


def _parsed(texts: pd.Series, form: str) -> FloatArray:
    moments = pd.to_datetime(texts, format=form, utc=True, errors="coerce")
    # Through microseconds: pandas picks the resolution by itself.
    whole = moments.dt.tz_localize(None).to_numpy("datetime64[us]")
    return np.where(np.isnat(whole), np.nan, whole.astype(np.int64) / 1e6)

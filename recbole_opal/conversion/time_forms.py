"""The forms in which logs write times, in SQL: how each is told, and how it becomes seconds.

In every piece of SQL here `t` is the text of a time and `n` the same as a number, or NULL.
"""

from __future__ import annotations

from recbole_opal.data.atomic_files import time_units
from recbole_opal.data.atomic_files.time_units import (
    DIGITS,
    EARLIEST,
    EXACT_BELOW,
    LATEST,
    PER_SECOND,
)
from recbole_opal.sql import literal

__all__ = ["FORMS", "IS_DATED", "IS_MISSING", "IS_ZONED", "MISSING", "TIME_UNITS", "in_seconds"]

MISSING = ("", "nan", "null", "none", "na", "n/a", r"\n")
"""What stands for a missing value, in lower case."""
TIME_UNITS = {
    unit: meaning for unit, meaning in time_units.TIME_UNITS.items() if unit != "order"
} | {
    "iso": "ISO dates without a zone, taken as UTC",
    "iso_zone": "ISO dates with their zone",
}
IS_MISSING = (
    f"(lower(stripped(t)) IN ({', '.join(map(literal, MISSING))}) OR "
    r"regexp_full_match(t, '\s*(-1(\.0*)?|[-+0.:TZ\s]*)\s*'))"  # 0, -1, 0000-00-00 00:00:00
)
# The year 0 stands for no date in MySQL.
IS_DATED = r"(regexp_matches(t, '^\s*\d{4}-\d\d') AND NOT regexp_matches(t, '^\s*0000'))"
_ZONE = r"(?:[Zz]|UTC|GMT|[+-]\d\d:?(?:\d\d)?)"
_CLOCK = r"[Tt ]\d\d(?::?\d\d){0,2}(?:[.,]\d+)?"
# Behind the hour, which may stand alone; a date alone has no zone.
IS_ZONED = rf"regexp_matches(t, '\d{_CLOCK}\s?{_ZONE}\s*$')"
_WHOLE_ISO = rf"'\s*\d{{4}}-\d\d(-\d\d({_CLOCK}\s?{_ZONE}?)?)?\s*'"


def in_seconds(unit: str) -> str:
    """Return SQL for the seconds since 1970; NULL where `t` is not of the unit or of 1990 to 2099.

    Of the unit `number` any number from 0 to 2^53 is taken; of `day` the midnights of those from 1
    to 366, the first being 0 s.
    """
    if unit == "day":
        return "CASE WHEN n >= 1 AND n <= 366 AND n % 1 = 0 THEN (n - 1) * 86400 END"
    if unit == "number":
        return f"CASE WHEN n >= 0 AND n < {EXACT_BELOW} THEN n END"
    if unit in PER_SECOND:
        factor = PER_SECOND[unit]
        # As everywhere here, of nanoseconds the microseconds are kept, which is what doubles hold.
        value = "round_even(n / 1e3, 0) / 1e6" if unit == "nanoseconds" else f"n / {factor}"
        return f"CASE WHEN {_within(factor)} THEN {value} END"
    if unit in DIGITS:
        count, form = DIGITS[unit]
        text = "CAST(CAST(n AS BIGINT) AS VARCHAR)"
        right = f"n >= 1e{count - 1} AND n < 1e{count} AND n % 1 = 0"
        return f"CASE WHEN {right} THEN {_bounded(f'try_strptime({text}, {literal(form)})')} END"
    zoned = IS_ZONED if unit == "iso_zone" else f"NOT {IS_ZONED}"
    right = f"{IS_DATED} AND {zoned} AND regexp_full_match(t, {_WHOLE_ISO})"
    return f"CASE WHEN {right} THEN {_bounded(f'try_cast({_plain_iso()} AS TIMESTAMPTZ)')} END"


def _within(factor: float) -> str:
    return f"n >= {EARLIEST * factor!r} AND n < {LATEST * factor!r}"


def _bounded(moment: str) -> str:
    seconds = f"epoch_us({moment}) / 1e6"
    return f"CASE WHEN {seconds} >= {EARLIEST} AND {seconds} < {LATEST} THEN {seconds} END"


def _plain_iso() -> str:
    """Return SQL for an ISO date as DuckDB reads it."""
    plain = "trim(t, chr(9) || chr(10) || chr(13) || ' ')"
    for wrong, right in (
        (r"^([-\d]{10}[Tt ]\d\d)(\d\d)", r"\1:\2"),  # 100000 for 10:00:00
        (r"^([-\d]{10}[Tt ]\d\d:\d\d)(\d\d)", r"\1:\2"),
        (r"\s([Zz]|[+-]\d\d:?\d*)$", r"\1"),
        (r"\s?(?:UTC|GMT)$", "Z"),  # Spark and BigQuery write the zone as a word
        (r"(:\d\d),(\d)", r"\1.\2"),  # Python's logging writes a comma before the fraction
        (r"(\d[Tt ]\d\d)(\s?(?:[Zz]|[+-]\d\d:?\d*)?)$", r"\1:00\2"),  # an hour alone
        # DuckDB 1.5 reads no zone behind minutes.
        (r"(\d[Tt ]\d\d:\d\d)(\s?(?:[Zz]|[+-]\d\d:?\d*)?)$", r"\1:00\2"),
        (r"^(\d{4}-\d\d)$", r"\1-01"),
    ):
        plain = f"regexp_replace({plain}, {literal(wrong)}, {literal(right)})"
    return plain


FORMS = {unit: _within(factor) for unit, factor in PER_SECOND.items()} | {
    "datetime": f"({in_seconds('datetime')}) IS NOT NULL",
    "iso": f"{IS_DATED} AND NOT {IS_ZONED}",
    "iso_zone": f"{IS_DATED} AND {IS_ZONED}",
}
"""Unit -> what looks like a time of it, and of no other; an odd value may look like the rest."""

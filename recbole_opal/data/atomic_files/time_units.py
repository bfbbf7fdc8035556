"""Times that are numbers: how to tell their units apart, and a column of them in seconds."""

from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pandas as pd

from recbole_opal.errors import DataError

BoolArray = npt.NDArray[np.bool_]
FloatArray = npt.NDArray[np.float64]

_NUMBER = re.compile(r"\d+(?:\.\d*)?(?:[eE][-+]?\d+)?")
# 1990 and 2100 in seconds: no two units below overlap in what they would write for these years.
EARLIEST = 631_152_000.0
LATEST = 4_102_444_800.0
# 1990 and 2100 in .NET's ticks of 100 ns since the year 1: in nanoseconds, the year 1990.
TICKS_RANGE = (627_667_488e9, 662_380_416e9)
EXACT_BELOW = 2.0**53  # whole numbers below are exact in float64
PER_SECOND = {"seconds": 1.0, "milliseconds": 1e3, "microseconds": 1e6, "nanoseconds": 1e9}
DIGITS = {"date": (8, "%Y%m%d"), "datetime": (14, "%Y%m%d%H%M%S")}
TIME_UNITS = {
    "seconds": "seconds since 1970",
    "milliseconds": "milliseconds since 1970",
    "microseconds": "microseconds since 1970",
    "nanoseconds": "nanoseconds since 1970",
    "date": "dates as 20240131, taken as midnight UTC",
    "datetime": "dates with times as 20240131120000, taken as UTC",
    "number": "numbers of no known unit, taken as seconds",
    "order": "numbers that tell an order alone",
}
"""Forms of times that are numbers, and what they mean to a user."""
TICKS_OR_NANOSECONDS = (
    "seems to hold .NET's ticks of 100 ns since the year 1; write (ticks - 621355968000000000) / "
    "10000000 in their place, or --time_unit=nanoseconds if they are those of the year 1990."
)
UNITLESS = ("number", "order")
"""Those that are taken as they are."""


def in_range(numbers: FloatArray, unit: str) -> BoolArray:
    """Return where numbers, NaN where there is none, are times of 1990 to 2099 in a unit."""
    factor = PER_SECOND[unit]
    return (numbers >= EARLIEST * factor) & (numbers < LATEST * factor)


def are_ticks(numbers: FloatArray) -> bool:
    """Tell whether numbers are times of 1990 to 2099 as .NET counts them."""
    return 2 * int(((numbers >= TICKS_RANGE[0]) & (numbers < TICKS_RANGE[1])).sum()) > len(numbers)


def is_exact(numbers: FloatArray) -> BoolArray:
    """Return where times keep their order as float64; nanoseconds do to a quarter microsecond."""
    return (numbers <= EXACT_BELOW) | in_range(numbers, "nanoseconds")


def likely_unit(numbers: FloatArray) -> str | None:
    """Return the unit in which most numbers are times of our days; None if less than a tenth are.

    Zeros and other odd values are many in real logs, hence the tenth.
    """
    found = int((np.isfinite(numbers) & (numbers > 0)).sum())
    counts = {unit: int(in_range(numbers, unit).sum()) for unit in PER_SECOND}
    likely = max(counts, key=counts.__getitem__)
    return likely if counts[likely] and counts[likely] >= 0.1 * found else None


def judged_unit(numbers: FloatArray) -> str:
    """Return the unit of numbers, one of `TIME_UNITS`; "number" where they only tell an order."""
    likely = likely_unit(numbers)
    if likely is not None:
        return likely
    found = numbers[np.isfinite(numbers) & (numbers > 0)]
    for unit in DIGITS if len(found) else ():
        if np.isfinite(digit_dates(found, unit)).sum() >= 0.9 * len(found):
            return unit
    return "number"


def to_seconds(numbers: FloatArray, unit: str) -> FloatArray:
    """Return (n,) seconds; of nanoseconds the microseconds are kept, which is what float64 holds.

    A time of whole microseconds comes out the same, to the last bit, from whatever unit.
    """
    if unit in DIGITS:
        return digit_dates(numbers, unit)
    if unit == "nanoseconds":
        numbers, unit = np.rint(numbers / 1e3), "microseconds"
    factor = PER_SECOND.get(unit, 1.0)
    return numbers if factor == 1.0 else numbers / factor


def digit_dates(numbers: FloatArray, unit: str) -> FloatArray:
    """Return (n,) seconds since 1970 of dates written as 20240131, NaN where there is none."""
    count, form = DIGITS[unit]
    right = (numbers >= 10.0 ** (count - 1)) & (numbers < 10.0**count) & (numbers % 1 == 0)
    seconds = np.full(len(numbers), np.nan)
    if not right.any():
        return seconds
    texts = pd.Series(numbers[right].astype(np.int64)).astype(str)
    moments = pd.to_datetime(texts, format=form, errors="coerce")
    whole = moments.to_numpy("datetime64[s]")
    seconds[right] = np.where(np.isnat(whole), np.nan, whole.astype(np.int64))
    return np.where(in_range(seconds, "seconds"), seconds, np.nan)


def as_seconds(
    numbers: FloatArray, unit: str | None, name: str, place: Callable[[BoolArray], str]
) -> tuple[FloatArray, str]:
    """Return times in seconds and their unit; `place` says where the first True of (n,) stands."""
    known = unit or judged_unit(numbers)
    if unit in UNITLESS:  # what is given as such is not doubted
        return numbers, unit
    seconds = to_seconds(numbers, known)
    others = _doubted(numbers, known, given=unit is not None)
    faults = {TIME_UNITS[other]: in_range(numbers, other) for other in others}
    for looks, wrong in (faults | {"no date": np.isnan(seconds)}).items():
        if wrong.any():
            given = f"--time_unit={known} was given" if unit else None
            raise DataError(
                f"{place(wrong)}: {name} is {numbers[wrong][0]:.17g}, which looks like {looks}, "
                f"but {given or f'the others are {TIME_UNITS[known]}'}; write all times in one "
                "unit, or --time_unit=number to take them as they are."
            )
    return seconds, known


def _doubted(numbers: FloatArray, known: str, *, given: bool) -> list[str]:
    """Return the units of which no number may be.

    A few large numbers among small ones may be of one unit, and so may times since the log's
    start in a unit that was given; thousands of years may not.
    """
    if known in DIGITS:
        return []  # what is no date is found as such
    factor = PER_SECOND.get(known, 1.0)
    smaller_too = known != "number" and not (given and not in_range(numbers, known).any())
    return [
        one
        for one, other in PER_SECOND.items()
        if other > factor or (other < factor and smaller_too)
    ]


def read_note(name: str, unit: str, *, given: bool) -> str:
    """Say in one line in which unit times were read, and whether the user named it."""
    read = "" if unit in ("seconds", *UNITLESS) else ": read as seconds"
    return f"times: {name} holds {TIME_UNITS[unit]}{read}{' (--time_unit)' if given else ''}"


def near(value: float, unit: str) -> float:
    """Return in seconds a time that a setting names in seconds or in the unit of the file."""
    numbers = np.array([value], dtype=np.float64)
    if unit in UNITLESS or (unit in PER_SECOND and not in_range(numbers, unit)[0]):
        return value
    seconds = float(to_seconds(numbers, unit)[0])
    return value if np.isnan(seconds) else seconds


def interval_in_seconds(interval: str, unit: str) -> str:
    """Return an interval of RecBole's, as `[1.6e12,inf)`, with its times in seconds."""
    return _NUMBER.sub(lambda number: repr(near(float(number[0]), unit)), interval)

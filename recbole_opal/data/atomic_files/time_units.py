"""Units of times that are numbers: how to tell them apart, and how to read each."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

__all__ = [
    "DIGITS",
    "EARLIEST",
    "EXACT_BELOW",
    "LATEST",
    "PER_SECOND",
    "TICKS_OR_NANOSECONDS",
    "TIME_UNITS",
    "UNITLESS",
    "are_ticks",
    "digit_dates",
    "in_range",
    "is_exact",
    "judged_unit",
    "likely_unit",
    "to_seconds",
]

BoolArray = npt.NDArray[np.bool_]
FloatArray = npt.NDArray[np.float64]

# 1990 and 2100 in seconds: no two units below overlap in what they would write for these years.
EARLIEST = 631_152_000.0
LATEST = 4_102_444_800.0
# 1990 and 2100 in .NET's ticks of 100 ns since the year 1: in nanoseconds, the year 1990.
_TICKS = (627_667_488e9, 662_380_416e9)
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
    with np.errstate(invalid="ignore"):
        return (numbers >= EARLIEST * factor) & (numbers < LATEST * factor)


def are_ticks(numbers: FloatArray) -> bool:
    """Tell whether numbers are times of 1990 to 2099 as .NET counts them."""
    with np.errstate(invalid="ignore"):
        return 2 * int(((numbers >= _TICKS[0]) & (numbers < _TICKS[1])).sum()) > len(numbers)


def is_exact(numbers: FloatArray) -> BoolArray:
    """Return where times keep their order as float64; nanoseconds do to a quarter microsecond."""
    with np.errstate(invalid="ignore"):
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
    with np.errstate(invalid="ignore"):
        right = (numbers >= 10.0 ** (count - 1)) & (numbers < 10.0**count) & (numbers % 1 == 0)
    seconds = np.full(len(numbers), np.nan)
    if not right.any():
        return seconds
    texts = pd.Series(numbers[right].astype(np.int64)).astype(str)
    moments = pd.to_datetime(texts, format=form, errors="coerce")
    whole = moments.to_numpy("datetime64[s]")
    seconds[right] = np.where(np.isnat(whole), np.nan, whole.astype(np.int64))
    return np.where(in_range(seconds, "seconds"), seconds, np.nan)

"""A column of times in seconds: its unit is judged once, from all of it, for every consumer."""

from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np

from recbole_opal.data.reading.time_units import (
    DIGITS,
    PER_SECOND,
    TICKS_OR_NANOSECONDS,
    TIME_UNITS,
    UNITLESS,
    BoolArray,
    FloatArray,
    are_ticks,
    digit_dates,
    in_range,
    judged_unit,
    to_seconds,
)
from recbole_opal.errors import DataError

__all__ = ["as_seconds", "interval_in_seconds", "near", "read_note", "refuse_ticks"]

_NUMBER = re.compile(r"\d+(?:\.\d*)?(?:[eE][-+]?\d+)?")


def as_seconds(
    numbers: FloatArray, unit: str | None, name: str, place: Callable[[BoolArray], str]
) -> tuple[FloatArray, str]:
    """Return a whole column of times in seconds, and the unit they were written in.

    Args:
        numbers: (n,) finite.
        unit: one of `TIME_UNITS`; None: judged from the numbers.
        name: of the column, for the message.
        place: from (n,) bool to file and line of the first that is True, for the message.

    Raises:
        DataError: a time makes sense in another unit only, or is no date where all others are.
    """
    known = unit or judged_unit(numbers)
    if unit in UNITLESS:  # what is given as such is not doubted
        return numbers, unit
    ours = f"--time_unit={known} was given" if unit else f"the others are {TIME_UNITS[known]}"
    for other in _doubted(numbers, known, given=unit is not None):
        found = in_range(numbers, other)
        if found.any():
            raise _other_unit(place(found), name, numbers[found][0], TIME_UNITS[other], ours)
    seconds = to_seconds(numbers, known)
    lost = np.isnan(seconds)
    if lost.any():
        raise _other_unit(place(lost), name, numbers[lost][0], "no date", ours)
    return seconds, known


def refuse_ticks(
    numbers: FloatArray, unit: str | None, name: str, place: Callable[[BoolArray], str]
) -> None:
    """Refuse times that are of one year in nanoseconds, and of any year as .NET counts them.

    Args:
        numbers: (n,) finite.
        unit: that the user named, or None.
        name: of the column, for the message.
        place: as in `as_seconds`.

    Raises:
        DataError: see above.
    """
    if unit is None and are_ticks(numbers):
        where = place(numbers > 0)
        raise DataError(f"{where}: {name} {TICKS_OR_NANOSECONDS}")


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
    """Say in one line how times were read.

    Args:
        name: of the column.
        unit: of the file, one of `TIME_UNITS`.
        given: whether the user named it.
    """
    read = "" if unit in ("seconds", *UNITLESS) else ": read as seconds"
    return f"times: {name} holds {TIME_UNITS[unit]}{read}{' (--time_unit)' if given else ''}"


def near(value: float, unit: str) -> float:
    """Return in seconds a time that a setting names in seconds or in the unit of the file.

    Args:
        value: the time.
        unit: of the file, one of `TIME_UNITS`.
    """
    numbers = np.array([value], dtype=np.float64)
    if unit in DIGITS:
        seconds = digit_dates(numbers, unit)
    elif unit in PER_SECOND and in_range(numbers, unit)[0]:
        seconds = to_seconds(numbers, unit)
    else:
        return value
    return value if np.isnan(seconds[0]) else float(seconds[0])


def interval_in_seconds(interval: str, unit: str) -> str:
    """Return an interval as `[1.6e12,inf)` with its times in seconds, by `near`.

    Args:
        interval: in RecBole's notation.
        unit: of the file, one of `TIME_UNITS`.
    """
    return _NUMBER.sub(lambda number: repr(near(float(number[0]), unit)), interval)


def _other_unit(place: str, name: str, value: float, looks: str, ours: str) -> DataError:
    return DataError(
        f"{place}: {name} is {value:.17g}, which looks like {looks}, but {ours}; write all times "
        "in one unit, or --time_unit=number to take them as they are."
    )

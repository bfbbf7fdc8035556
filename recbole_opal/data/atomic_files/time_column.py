"""A column of times in seconds: its unit is judged once, from all of it, for every consumer."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np

from recbole_opal.data.atomic_files.reader import Block, line_of_row
from recbole_opal.data.atomic_files.time_units import (
    DIGITS,
    PER_SECOND,
    TICKS_OR_NANOSECONDS,
    TIME_UNITS,
    UNITLESS,
    BoolArray,
    FloatArray,
    are_ticks,
    in_range,
    judged_unit,
    to_seconds,
)
from recbole_opal.errors import DataError

__all__ = ["as_seconds", "column_in_seconds", "interval_in_seconds", "near", "read_note"]

_NUMBER = re.compile(r"\d+(?:\.\d*)?(?:[eE][-+]?\d+)?")


def column_in_seconds(
    numbers: FloatArray, unit: str | None, name: str, path: Path, again: Iterable[Block]
) -> tuple[FloatArray, str]:
    """Return a whole column of finite times in seconds, and the unit they were written in.

    The unit is one of `TIME_UNITS`; None: judged from the numbers. `again` are the blocks of the
    file, read once more where an error must name a line.

    Raises:
        DataError: a time makes sense in another unit only, or is no date where all others are; or
            all are of one year in nanoseconds, and of any year as .NET counts them.
    """

    def place(wrong: BoolArray) -> str:
        return f"{path}, line {line_of_row(again, int(wrong.argmax()))}"

    if unit is None and are_ticks(numbers):
        raise DataError(f"{place(numbers > 0)}: {name} {TICKS_OR_NANOSECONDS}")
    return as_seconds(numbers, unit, name, place)


def as_seconds(
    numbers: FloatArray, unit: str | None, name: str, place: Callable[[BoolArray], str]
) -> tuple[FloatArray, str]:
    """Return times in seconds and their unit; `place` says where the first True of (n,) stands."""
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
    if unit not in DIGITS and not (unit in PER_SECOND and in_range(numbers, unit)[0]):
        return value
    (seconds,) = to_seconds(numbers, unit).tolist()
    return value if np.isnan(seconds) else seconds


def interval_in_seconds(interval: str, unit: str) -> str:
    """Return an interval of RecBole's, as `[1.6e12,inf)`, with its times in seconds."""
    return _NUMBER.sub(lambda number: repr(near(float(number[0]), unit)), interval)


def _other_unit(place: str, name: str, value: float, looks: str, ours: str) -> DataError:
    return DataError(
        f"{place}: {name} is {value:.17g}, which looks like {looks}, but {ours}; write all times "
        "in one unit, or --time_unit=number to take them as they are."
    )

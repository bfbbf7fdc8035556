"""The times of a table in seconds."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from recbole_opal.data.atomic_files.time_units import as_seconds

__all__ = ["converter", "dates_in_seconds"]

FloatArray = npt.NDArray[np.float64]


def converter(unit: str | None, name: str, place: str) -> Callable[[FloatArray], FloatArray]:
    """Return what makes seconds of a column of numbers.

    Args:
        unit: of the numbers, a key of `TIME_UNITS`; None: judged from them.
        name: of the column.
        place: where the table is, for messages.

    The function raises DataError where a time makes sense in another unit alone.
    """

    def in_seconds(numbers: FloatArray) -> FloatArray:
        def where(wrong: Any) -> str:
            return f"{place}, time {int(wrong.argmax()) + 1}"

        return as_seconds(numbers, unit, name, where)[0]

    return in_seconds


def dates_in_seconds(dates: npt.NDArray[Any]) -> FloatArray:
    """Return (n,) seconds since 1970 of (n,) datetime64 in UTC; NaN where there is none."""
    seconds = dates.astype("datetime64[us]").astype(np.int64) / 1e6
    return np.where(np.isnat(dates), np.nan, seconds)

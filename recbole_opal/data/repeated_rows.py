"""Tables of users and items with several rows of one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

__all__ = ["joined_rows"]

Array = npt.NDArray[Any]


def joined_rows(frame: pd.DataFrame, field: str, lists: Sequence[str]) -> pd.DataFrame:
    """Return a table with one row for each id: its first, with what the others add.

    They add to its lists, the columns that hold arrays, the values that these lack, and in place
    of its missing values the first that is there.
    """
    again = frame[frame.duplicated(field, keep=False)]
    if again.empty:
        return frame
    joined = frame.groupby(field, sort=False).first()  # of each column by itself
    for name in lists:
        cells = joined[name].to_dict()
        cells |= {key: _joined(arrays.to_list()) for key, arrays in again.groupby(field)[name]}
        joined[name] = pd.Series(cells, dtype=object)
    return joined.reset_index()[list(frame.columns)]


def _joined(arrays: list[Array]) -> Array:
    """Return the first array with those values of the others that it lacks."""
    first, *others = arrays
    known = set(first.tolist())
    values = dict.fromkeys(value for array in others for value in array.tolist())
    added = [value for value in values if value not in known]
    # Through the whole arrays: a text may be longer than those of the first.
    return np.concatenate([first, np.array(added)]) if added else first

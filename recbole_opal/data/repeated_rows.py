"""Tables of users and items with several rows of one: the lists of all rows count.

Of a column of single values the first that is there counts.
"""

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

    They add to its lists, the columns that hold arrays, the values that these lack, and to its
    missing values the first that is there.
    """
    again = frame.duplicated(field).to_numpy()
    if not again.any():
        return frame
    joined = frame[~again].copy()
    several = frame[frame[field].isin(frame[field].iloc[np.flatnonzero(again)])].groupby(
        field, sort=False
    )
    places = dict(zip(joined[field], range(len(joined)), strict=True))
    for name in lists:
        cells = joined[name].to_list()
        for key, arrays in several[name]:
            cells[places[key]] = _joined(arrays.to_list())
        joined[name] = pd.Series(cells, index=joined.index, dtype=object)
    single = [name for name in frame.columns if name not in (field, *lists)]
    if joined[single].isna().any(axis=None):
        filled = several[single].first()  # of each column by itself
        for name in single:
            joined[name] = joined[name].fillna(joined[field].map(filled[name]))
    return joined.reset_index(drop=True)


def _joined(arrays: list[Array]) -> Array:
    """Return the first array with those values of the others that it lacks."""
    first, *others = arrays
    known = set(first.tolist())
    values = dict.fromkeys(value for array in others for value in array.tolist())
    added = [value for value in values if value not in known]
    # Through the whole arrays: a text may be longer than those of the first.
    return np.concatenate([first, np.array(added)]) if added else first

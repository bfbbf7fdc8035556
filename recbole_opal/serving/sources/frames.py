"""Histories in a pandas DataFrame, long or wide."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from recbole_opal.errors import DataError
from recbole_opal.serving.histories import RawHistories
from recbole_opal.serving.sources.columns import Columns, Found
from recbole_opal.serving.sources.long_rows import LongRows
from recbole_opal.serving.sources.raw_ids import as_texts, float_ids
from recbole_opal.serving.sources.times import converter, dates_in_seconds
from recbole_opal.serving.sources.wide_rows import Row, batches

__all__ = ["read_frame"]

_PLACE = "the frame"


def read_frame(frame: pd.DataFrame, batch_size: int, columns: Columns) -> Iterator[RawHistories]:
    """Yield the users of a frame; it is wide if its first item is a list, tuple or array.

    Raises:
        DataError: a column is missing, holds floats as ids, or a cell is none.
    """
    found = columns.find([str(name) for name in frame.columns], _PLACE)
    in_seconds = converter(columns.time_unit, str(found.time), _PLACE)
    cells = frame[found.item].dropna()
    if len(cells) and isinstance(cells.iloc[0], (list, tuple, np.ndarray)):
        return batches(_wide_rows(frame, found), batch_size, in_seconds)
    rows = LongRows(timed=found.time is not None)
    times, dated = None, False
    if found.time is not None:
        times, dated = _times(frame[found.time], found.time)
    places, distinct = _distinct(frame[found.item], found.item)
    items = places, as_texts(distinct, f"{_PLACE}, column {found.item}")
    users = _distinct(frame[found.user], found.user)  # as the caller names them
    rows.add(users, items, times, lambda row: f"{_PLACE}, row {row}")
    return rows.batches(batch_size, None if dated else in_seconds)


def _wide_rows(frame: pd.DataFrame, found: Found) -> Iterator[Row]:
    if pd.api.types.is_float_dtype(frame[found.user].dtype):
        raise float_ids(f"{_PLACE}: {found.user}")
    cells = [frame[name] for name in found.names]
    for number, row in enumerate(zip(*cells, strict=True)):
        # A list is never missing; None and NaN are, in the row of a user without a history.
        present = [None if isinstance(cell, float) and cell != cell else cell for cell in row[1:]]
        yield Row(f"{_PLACE}, row {number}", row[0], *present)


def _distinct(values: pd.Series[Any], name: str) -> tuple[npt.NDArray[Any], list[Any]]:
    """Return (n,) places among the distinct ids, -1 where one is missing."""
    kind = values.dtype
    if isinstance(kind, pd.CategoricalDtype):
        kind = kind.categories.dtype
    if pd.api.types.is_float_dtype(kind):
        raise float_ids(f"{_PLACE}: {name}")
    places, distinct = pd.factorize(values)
    return places, np.asarray(distinct, dtype=object).tolist()


def _times(values: pd.Series[Any], name: str) -> tuple[npt.NDArray[np.float64], bool]:
    """Return (n,) numbers, and whether they were dates, which are seconds now."""
    if pd.api.types.is_datetime64_any_dtype(values.dtype):
        dates = pd.to_datetime(values, utc=True).dt.tz_localize(None)
        return dates_in_seconds(dates.to_numpy("datetime64[us]")), True
    try:
        return values.to_numpy(dtype=np.float64, na_value=np.nan), False
    except (TypeError, ValueError) as error:
        raise DataError(
            f"{_PLACE}: {name} holds what is no number ({error}); give seconds or datetime64."
        ) from error

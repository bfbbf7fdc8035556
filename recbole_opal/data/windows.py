"""Windows of flat arrays, many rows at once."""

from __future__ import annotations

import numpy as np

from recbole_opal.data.user_sequences import IntArray, starts_of

__all__ = ["flatten_ranges", "last_positions", "next_items"]


def last_positions(starts: IntArray, ends: IntArray, width: int) -> tuple[IntArray, IntArray]:
    """Return the positions of the last `width` places before each end, and how many a row has.

    They are laid end to end, (T,), row after row, oldest first; no row reaches before its start.
    """
    lengths = np.minimum(ends - starts, width)
    return flatten_ranges(ends - lengths, ends)[1], lengths


def next_items(items: IntArray, starts: IntArray, ends: IntArray, width: int) -> IntArray:
    """Gather up to `width` items from each start on, before each end; (B, <= W), 0 is padding."""
    lengths = np.minimum(ends - starts, width)
    columns = np.arange(max(int(lengths.max(initial=0)), 1))
    found = np.zeros((len(starts), len(columns)), dtype=np.int64)
    found[columns < lengths[:, None]] = items[flatten_ranges(starts, starts + lengths)[1]]
    return found


def flatten_ranges(starts: IntArray, ends: IntArray) -> tuple[IntArray, IntArray]:
    """Return the row number and the flat position of all places of many ranges, each (T,)."""
    lengths = ends - starts
    rows = np.repeat(np.arange(len(starts)), lengths)
    return rows, np.arange(len(rows)) + (starts - starts_of(lengths))[rows]

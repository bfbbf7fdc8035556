"""Windows of flat arrays, many rows at once."""

from __future__ import annotations

import numpy as np

from recbole_opal.data.sequences import IntArray

__all__ = ["flatten_ranges", "last_positions", "next_items"]


def last_positions(starts: IntArray, ends: IntArray, width: int) -> tuple[IntArray, IntArray]:
    """Find the last `width` places before each end, oldest first.

    Args:
        starts: (B,) flat position of the first place a row may use.
        ends: (B,) flat position after the last place a row may use.
        width: the most places of a row, L >= 1.

    Returns:
        (T,) int64 flat positions, row after row, and (B,) int64 lengths, which sum to T.
    """
    lengths = np.minimum(ends - starts, width)
    return flatten_ranges(ends - lengths, ends)[1], lengths


def next_items(items: IntArray, starts: IntArray, ends: IntArray, width: int) -> IntArray:
    """Gather up to `width` items from each start on, before each end.

    Returns:
        (B, <= W) int64 item ids, right-padded with 0, as wide as the longest row.
    """
    lengths = np.minimum(ends - starts, width)
    columns = np.arange(max(int(lengths.max(initial=0)), 1))
    found = np.zeros((len(starts), len(columns)), dtype=np.int64)
    found[columns < lengths[:, None]] = items[flatten_ranges(starts, starts + lengths)[1]]
    return found


def flatten_ranges(starts: IntArray, ends: IntArray) -> tuple[IntArray, IntArray]:
    """List all flat positions of many ranges, each from its start to before its end.

    Returns:
        (T,) int64 row numbers and (T,) int64 positions, T the total length of the ranges.
    """
    lengths = ends - starts
    rows = np.repeat(np.arange(len(starts)), lengths)
    before = np.cumsum(lengths) - lengths
    return rows, np.arange(len(rows)) + (starts - before)[rows]

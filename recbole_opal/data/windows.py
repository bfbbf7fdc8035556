"""Cut windows out of flat arrays, many rows at once."""

from __future__ import annotations

from typing import TypeVar

import numpy as np
import numpy.typing as npt

from recbole_opal.data.user_sequences import IntArray

__all__ = ["flatten_ranges", "next_items", "previous_items", "previous_times"]

Number = TypeVar("Number", np.int64, np.float64)


def previous_items(
    items: IntArray, starts: IntArray, ends: IntArray, width: int, *, full_width: bool = False
) -> tuple[IntArray, IntArray]:
    """Gather the last `width` items before each end, right-padded with 0, oldest first.

    The result is as wide as its longest row, never wider than `width`: padding costs time and
    changes nothing.

    Args:
        items: (R,) flat item ids.
        starts: (B,) flat position of the first item a row may use.
        ends: (B,) flat position after the last item a row may use.
        width: the longest history, L >= 1.
        full_width: pad to `width` all the same.

    Returns:
        (B, <= L) int64 item ids with 0 as padding, and (B,) int64 lengths.
    """
    lengths = np.minimum(ends - starts, width)
    return _padded(items, ends - lengths, lengths, width if full_width else 1), lengths


def previous_times(
    times: npt.NDArray[np.float64], ends: IntArray, lengths: IntArray
) -> npt.NDArray[np.float64]:
    """Gather when the items of `previous_items` were met, right-padded with 0.

    Args:
        times: (R,) flat times.
        ends: (B,) flat position after the last item of each row.
        lengths: (B,) how many items each row has, as `previous_items` returned them.

    Returns:
        (B, <= L) float64, as wide as the longest row.
    """
    return _padded(times, ends - lengths, lengths, 1)


def next_items(items: IntArray, starts: IntArray, ends: IntArray, width: int) -> IntArray:
    """Gather up to `width` items from each start on, right-padded with 0.

    Args:
        items: (R,) flat item ids.
        starts: (B,) flat position of the first item wanted.
        ends: (B,) flat position no row may reach.
        width: the most items a row takes, W >= 1.

    Returns:
        (B, <= W) int64 item ids with 0 as padding.
    """
    return _padded(items, starts, np.minimum(ends - starts, width), 1)


def flatten_ranges(starts: IntArray, ends: IntArray) -> tuple[IntArray, IntArray]:
    """List all flat positions of many ranges.

    Args:
        starts: (B,) first position of each range.
        ends: (B,) position after the last of each range, >= its start.

    Returns:
        (T,) int64 row numbers and (T,) int64 positions, T the total length of the ranges.
    """
    lengths = ends - starts
    rows = np.repeat(np.arange(len(starts)), lengths)
    before = np.cumsum(lengths) - lengths
    positions = np.arange(int(lengths.sum())) - before[rows] + starts[rows]
    return rows, positions


def _padded(
    values: npt.NDArray[Number], starts: IntArray, lengths: IntArray, least: int
) -> npt.NDArray[Number]:
    width = max(int(lengths.max(initial=0)), least)
    columns = np.arange(width)
    inside = columns < lengths[:, None]  # (B, width)
    positions = np.where(inside, starts[:, None] + columns, 0)
    return np.where(inside, values[positions], values.dtype.type(0))

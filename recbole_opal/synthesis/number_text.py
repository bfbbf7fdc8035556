"""Whole numbers to lines of text, column-wise: some 20 times as fast as a loop or a data frame."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from recbole_opal.data.user_sequences import IntArray

__all__ = ["number_lines"]

_ROWS = 1 << 15  # rows at a time: their text stays in the processor's cache
_ZERO, _TAB, _NEWLINE = b"0\t\n"


def number_lines(columns: Sequence[IntArray]) -> Iterator[bytes]:
    """Yield the text of rows of whole numbers, tab between columns and newline behind each row.

    Args:
        columns: one or more `(R,)` int64, values in [0, 10**18].

    Yields:
        The lines of some ten thousand rows.
    """
    for start in range(0, len(columns[0]), _ROWS):
        yield _lines([column[start : start + _ROWS] for column in columns])


def _lines(columns: Sequence[IntArray]) -> bytes:
    widths = [len(str(int(column.max()))) for column in columns]
    text = np.empty((len(columns[0]), sum(widths) + len(columns)), dtype=np.uint8)
    used = np.ones(text.shape, dtype=np.bool_)  # False: a leading zero
    place = 0
    for column, width in zip(columns, widths, strict=True):
        dtype: Any = np.uint32 if width < 10 else np.uint64  # 32 bit divide faster
        rest: npt.NDArray[Any] = column.astype(dtype)
        for digit in range(place + width - 1, place - 1, -1):
            used[:, digit] = rest > 0
            quotient = rest // 10
            text[:, digit] = rest - quotient * 10 + _ZERO
            rest = quotient
        place += width
        used[:, place - 1] = True  # a zero is one digit
        text[:, place] = _TAB
        place += 1
    text[:, -1] = _NEWLINE
    lines: bytes = text[used].tobytes()
    return lines

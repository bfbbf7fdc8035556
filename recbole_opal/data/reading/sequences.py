"""Columns whose fields hold several values: `token_seq` and `float_seq`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from recbole_opal.data.reading.header import Column
from recbole_opal.data.reading.rows import RowBlock
from recbole_opal.data.reading.values import LONGEST_TOKEN, PADDING, refuse_rows

__all__ = ["split_fields"]


def split_fields(
    values: pd.Series[Any], separator: str, column: Column, block: RowBlock, path: Path
) -> pd.Series[Any]:
    """Split each field into an array of its values; an empty field has none.

    Args:
        values: `(R,)` text, NaN where empty.
        separator: between two values.
        column: `token_seq` or `float_seq`.
        block: the lines of the values.
        path: of the file, for the message.

    Returns:
        `(R,)` arrays of text or float64.

    Raises:
        DataError: a value is no finite number, too long, or the word that stands for no item.
    """
    parts = [[part for part in text.split(separator) if part] for text in values.fillna("")]
    if column.kind == "token_seq":
        _check_tokens(parts, column, block, path)
        return pd.Series([np.array(part, dtype=np.str_) for part in parts], dtype=object)
    numbers = [_numbers(part) for part in parts]
    wrong = np.array([row is None for row in numbers])
    refuse_rows(wrong, "holds a part that is no finite number", "correct it", column, block, path)
    return pd.Series([row for row in numbers if row is not None], dtype=object)


def _check_tokens(parts: list[list[str]], column: Column, block: RowBlock, path: Path) -> None:
    if block.longest > LONGEST_TOKEN:
        too_long = np.array([any(len(token) > LONGEST_TOKEN for token in row) for row in parts])
        what = f"holds a part of more than {LONGEST_TOKEN} characters"
        refuse_rows(too_long, what, "shorten it", column, block, path)
    if PADDING.encode() in block.text:
        padding = np.array([PADDING in row for row in parts])
        refuse_rows(padding, f"holds {PADDING}, which means none", "rename it", column, block, path)


def _numbers(parts: list[str]) -> npt.NDArray[np.float64] | None:
    """Return the parts as numbers, None if one is none that float32 holds."""
    try:
        numbers = np.array([float(part) for part in parts], dtype=np.float64)
    except ValueError:
        return None
    return numbers if (np.abs(numbers) <= np.finfo(np.float32).max).all() else None

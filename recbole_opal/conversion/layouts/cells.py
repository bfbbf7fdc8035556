"""Cells of text to numbers, tokens and sequences of tokens."""

import re

import numpy as np
import numpy.typing as npt
import pandas as pd

from recbole_opal.conversion.numbers import to_numbers
from recbole_opal.errors import DataError

__all__ = ["numbers", "sequences", "tokens"]

FloatArray = npt.NDArray[np.float64]

_BETWEEN_TAGS = re.compile(r"[\[\](),;'\"\s]+")


def numbers(frame: pd.DataFrame, column: str, *, required: bool = False) -> FloatArray:
    """Return a column of text as float64; an empty cell is NaN.

    Args:
        frame: of `read_table`, whose index is the file and the number of the line.
        column: to read.
        required: refuse an empty cell, which is what a line that was cut off leaves.

    Raises:
        DataError: a cell is no number.
    """
    cells = frame[column]
    values: FloatArray = to_numbers(cells)
    undefined = np.isnan(values)
    if not undefined.any():
        return values
    suspects = cells[undefined].str.strip()
    wrong = ~suspects.str.lower().isin(["nan", "null", "none", *([] if required else [""])])
    if wrong.any():
        first = int(wrong.to_numpy().argmax())
        line, cell = suspects.index[first], suspects.iloc[first]
        fault = f"'{cell[:40]}' in the column {column} is no number" if cell else f"no {column}"
        raise DataError(
            f"{frame.index.name} {line}: {fault}; correct the line, or get the file again."
        )
    return values


def sequences(cells: "pd.Series[str]") -> "pd.Series[str]":
    """Return lists of tags as `token_seq`: `[27, 9]`, `27,9` and `27;9` all become `27 9`."""
    return cells.str.replace(_BETWEEN_TAGS, " ", regex=True).str.strip()


def tokens(cells: "pd.Series[str]") -> "pd.Series[str]":
    """Return names as single tokens, underscores for white space: `Home_cooking`."""
    return cells.str.strip().str.replace(r"\s+", "_", regex=True)

"""Chunks as the lines of atomic files, which are read back letter by letter."""

import re

import numpy as np
import numpy.typing as npt
import pandas as pd

from recbole_opal.data.atomic_files.fields import LONGEST_TOKEN, PADDING
from recbole_opal.data.atomic_files.time_units import EXACT_BELOW
from recbole_opal.errors import DataError

__all__ = ["BYTE_ORDER_MARK", "MISSING_IDS", "is_missing", "lines"]

BYTE_ORDER_MARK = "\ufeff"
"""Invisible; files that were joined and scraped titles hold some within."""


# What pandas takes for a missing cell, and with it RecBole's own reader; `\N` is what MySQL writes.
MISSING_IDS = frozenset(
    ["", "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN"]
    + ["<NA>", "N/A", "NA", "NULL", "NaN", "None", "n/a", "nan", "null", r"\N"]
)
_CONTROL = re.compile(r"[\t\r\n\0]")


def is_missing(ids: pd.Series) -> npt.NDArray[np.bool_]:
    """Return (n,) True where there is no id, in any of the usual words.

    Args:
        ids: (n,) text without surrounding white space.
    """
    missing: npt.NDArray[np.bool_] = (ids.isin(MISSING_IDS) | ids.isna()).to_numpy(bool)
    return missing


def lines(chunk: pd.DataFrame) -> bytes:
    """Return the rows of an atomic file, UTF-8, columns divided by tabs, nothing quoted.

    Whole numbers are written without a point, NaN as an empty field; byte order marks are left out.

    Args:
        chunk: at least one row; its columns in the order of the header, text or float64.

    Raises:
        DataError: a text holds a tab, a line break or NUL, is no valid unicode, too long, or the
            word that RecBole keeps for no item.
    """
    texts = [_texts(chunk[column]) for column in chunk.columns]
    text = "\n".join(map("\t".join, zip(*texts, strict=True))) + "\n"
    if BYTE_ORDER_MARK in text:
        text = text.replace(BYTE_ORDER_MARK, "")
    marks = (len(chunk.columns) - 1) * len(chunk), len(chunk), 0, 0
    found = tuple(text.count(sign) for sign in "\t\n\r\0")
    if found != marks or PADDING in text or max(map(len, text.split("\n"))) > LONGEST_TOKEN:
        _refuse(chunk)
    try:
        return text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise DataError(
            f"{chunk.index.name}s {chunk.index[0]} to {chunk.index[-1]}: {text[error.start]!r} "
            "is no character; save the file as UTF-8."
        ) from error


def _texts(cells: pd.Series) -> list[str]:
    if cells.dtype != np.float64:
        return cells.tolist()
    numbers = cells.to_numpy()
    if (numbers % 1 == 0).all() and np.abs(numbers).max(initial=0) < EXACT_BELOW:
        return list(map(str, numbers.astype(np.int64).tolist()))
    # repr is the shortest text that is read back as the same number.
    return ["" if number != number else repr(number) for number in numbers.tolist()]


def _refuse(chunk: pd.DataFrame) -> None:
    """Raise an error that names the first text that cannot be written."""
    for column in chunk.columns:
        cells = chunk[column]
        if cells.dtype == np.float64:
            continue
        padding, too_long = cells == PADDING, cells.str.len() > LONGEST_TOKEN
        if str(column).endswith("_seq"):  # each of its elements is a token
            parts = cells.str.split()
            padding = parts.map(lambda one: PADDING in one)
            too_long = parts.map(lambda one: max(map(len, one), default=0) > LONGEST_TOKEN)
        checks = (
            (
                cells.str.contains(_CONTROL, regex=True),
                "holds a tab or a line break; correct it, or write --quoted=False if a quote "
                "before it is an ordinary character",
            ),
            (padding, "means no id at all; rename it"),
            (too_long, f"is longer than {LONGEST_TOKEN} characters; cut it"),
        )
        for wrong, what in checks:
            if wrong.any():
                at = int(wrong.to_numpy(bool).argmax())
                place = f"{chunk.index.name} {chunk.index[at]}"
                raise DataError(f"{place}: {cells.iloc[at][:40]!r} in {column} {what}.")

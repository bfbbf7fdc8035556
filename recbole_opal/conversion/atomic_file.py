"""Chunks as the lines of RecBole's atomic files, which RecBole reads back letter by letter."""

import re

import numpy as np
import numpy.typing as npt
import pandas as pd

from recbole_opal.errors import DataError

__all__ = ["MISSING_IDS", "is_missing", "lines"]

# What pandas' reader, and with it RecBole, takes for a missing cell; `\N` is what MySQL writes.
MISSING_IDS = frozenset(
    ["", "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN"]
    + ["<NA>", "N/A", "NA", "NULL", "NaN", "None", "n/a", "nan", "null", r"\N"]
)
_CONTROL = re.compile(r"[\t\r\n\0]")


def is_missing(ids: pd.Series) -> npt.NDArray[np.bool_]:
    """Return (n,) True where RecBole would read no id at all.

    Args:
        ids: (n,) text without surrounding white space.
    """
    missing: npt.NDArray[np.bool_] = (ids.isin(MISSING_IDS) | ids.isna()).to_numpy(bool)
    return missing


def lines(chunk: pd.DataFrame) -> bytes:
    """Return the rows of an atomic file, UTF-8, columns divided by tabs.

    A text that holds a quote is enclosed in quotes, as RecBole's reader expects. Whole numbers are
    written without a point.

    Args:
        chunk: its columns in the order of the header, text or float64.

    Raises:
        DataError: a text holds a tab, a line break or NUL, or is no valid unicode.
    """
    ready = chunk.copy(deep=False)
    for position, column in enumerate(chunk.columns):
        cells = chunk[column]
        if cells.dtype == np.float64 and len(cells) and (cells % 1 == 0).all():
            ready.isetitem(position, cells.astype(np.int64))
    text: str = ready.to_csv(sep="\t", header=False, index=False, lineterminator="\n")
    tabs = (len(chunk.columns) - 1) * len(chunk)
    if text.count("\t") != tabs or text.count("\n") != len(chunk) or {"\r", "\0"} & set(text):
        raise _control_character(chunk)
    try:
        return text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise DataError(
            f"{chunk.index.name}s {chunk.index[0]} to {chunk.index[-1]}: {text[error.start]!r} "
            "is no character; save the file as UTF-8."
        ) from error


def _control_character(chunk: pd.DataFrame) -> DataError:
    for column in chunk.columns:
        if chunk[column].dtype == np.float64:
            continue
        found = chunk[column].str.contains(_CONTROL, regex=True).to_numpy(bool)
        if found.any():
            at = int(found.argmax())
            return DataError(
                f"{chunk.index.name} {chunk.index[at]}: {chunk[column].iloc[at][:40]!r} in "
                f"{column} holds a tab or a line break; correct it, or write --quoted=False if a "
                "quote before it is an ordinary character."
            )
    raise AssertionError("the counts say that a cell holds a tab, a line break or NUL")

"""Cells of further columns, as RecBole's field types need them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import pandas as pd

from recbole_opal.conversion.numbers import to_numbers
from recbole_opal.conversion.source import Column
from recbole_opal.errors import DataError

__all__ = ["MISSING", "typed_columns"]

MISSING = frozenset(["", "nan", "null", "none", "na", "n/a", r"\n"])
_CONTROL = r"[\t\r\n]+"
_BLANKS = re.compile(r"\s+")


def typed_columns(
    texts: pd.DataFrame,
    columns: tuple[Column, ...],
    list_separator: str,
    changed: Counter[str] | None = None,
) -> Iterator[tuple[str, pd.Series]]:
    r"""Yield the name and the cells of each column in its type.

    Missing cells (empty, `nan`, `null`, `none`, `na`, `n/a`, `\N`) become NaN or the empty text,
    which RecBole reads back as missing. A line break or tab in a token becomes a blank. White
    space within an element of a `token_seq` becomes `_`, since a blank divides elements there;
    brackets and quotes around a list are taken off.

    Args:
        texts: text columns.
        columns: those to take.
        list_separator: between the elements of a list.
        changed: is told of tokens that are not written as they stand: what was done -> cells.

    Raises:
        DataError: a cell of a float column is no finite number.
    """
    for column in columns:
        cells = texts[column.name].str.strip()
        if column.type.startswith("float"):
            parts = cells if column.type == "float" else _elements(cells, list_separator)
            yield column.name, _floats(parts, column)
        elif column.type == "token_seq":
            yield column.name, _joined(_elements(cells, list_separator))
        else:
            tokens = cells.where(~cells.str.lower().isin(MISSING), "")
            plain = tokens.str.replace(_CONTROL, " ", regex=True)
            if changed is not None:
                words = int((tokens != cells).sum())
                changed[f"{column.name} mean a missing value (NA, null, ...): left empty"] += words
                breaks = int((plain != tokens).sum())
                changed[f"{column.name} hold line breaks or tabs: written as blanks"] += breaks
            yield column.name, plain


def _elements(cells: pd.Series, separator: str) -> pd.Series:
    """Return lists of the elements, each without white space."""

    def split(cell: str) -> list[str]:
        inner = cell[1:-1] if cell[:1] + cell[-1:] in ("[]", "()", "{}") else cell
        parts = inner.split(separator) if separator.strip() else inner.split()
        named = (_BLANKS.sub("_", part.strip().strip("'\"")) for part in parts)
        return [part for part in named if part.lower() not in MISSING]

    known = {cell: split(cell) for cell in cells.unique()}
    lists: pd.Series = pd.Series([known[cell] for cell in cells], index=cells.index, dtype=object)
    return lists


def _joined(lists: pd.Series) -> pd.Series:
    return pd.Series([" ".join(one) for one in lists], index=lists.index, dtype=object)


def _floats(cells: pd.Series, column: Column) -> pd.Series:
    if column.type == "float":
        numbers = _numbers(cells, column)
        return pd.Series(numbers, index=cells.index)
    _numbers(cells.explode().fillna("").astype(object), column)
    return _joined(cells)


def _numbers(cells: pd.Series, column: Column) -> npt.NDArray[np.float64]:
    missing = cells.str.lower().isin(MISSING).to_numpy()
    numbers = to_numbers(cells)
    # RecBole keeps numbers in float32.
    wrong = ~(np.abs(numbers) <= np.finfo(np.float32).max) & ~missing
    if wrong.any():
        at = int(wrong.argmax())
        raise DataError(
            f"{cells.index.name} {cells.index[at]}: {cells.iloc[at][:40]!r} in {column.name} is no "
            f"finite number; correct it, or take the column as {column.name}:token."
        )
    return np.where(missing, np.nan, numbers)

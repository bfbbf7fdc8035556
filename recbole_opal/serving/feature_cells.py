"""Cells of a frame's columns as tokens or numbers; a missing one says nothing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from recbole_opal.errors import DataError, reason_of
from recbole_opal.serving.sources.raw_ids import as_texts, float_ids

__all__ = ["cell_numbers", "cell_tokens"]


def cell_tokens(
    cells: Sequence[Any], name: str, separator: str | None
) -> tuple[npt.NDArray[np.int64], list[str]]:
    """Return the rows and the tokens of a column, row after row.

    Args:
        cells: text or whole numbers, and lists of them where a cell may hold several.
        name: of the column.
        separator: between the tokens of a text; None: a cell holds one token.

    Raises:
        DataError: a cell holds several tokens where one is due, or what is no token.
    """
    rows: list[int] = []
    parts: list[Any] = []
    for row, cell in enumerate(cells):
        listed = isinstance(cell, Iterable) and not isinstance(cell, (str, bytes))
        if listed and separator is None:
            raise DataError(f"the column {name} holds {cell!r}; give one token an item.")
        if isinstance(cell, float) and not np.isnan(cell):
            raise float_ids(f"the column {name}")
        if isinstance(cell, str) and separator is not None:
            here: list[Any] = cell.split(separator)
        else:
            here = list(cell) if listed else [] if _missing(cell) else [cell]
        here = [part for part in here if part != ""]
        rows += [row] * len(here)
        parts += here
    return np.array(rows, dtype=np.int64), as_texts(parts, f"the column {name}")


def cell_numbers(cells: Sequence[Any], name: str) -> npt.NDArray[np.float64]:
    """Return the (n,) numbers of a column, NaN where one is missing or not finite.

    Raises:
        DataError: a cell is no number.
    """
    try:
        numbers = np.array([np.nan if _missing(cell) else float(cell) for cell in cells])
    except (TypeError, ValueError) as error:
        raise DataError(
            f"the column {name} holds what is no number ({reason_of(error)}); give numbers, or "
            "leave the cell empty."
        ) from error
    return np.where(np.isfinite(numbers), numbers, np.nan)


def _missing(cell: Any) -> bool:
    if cell is None or isinstance(cell, str):
        return not cell
    # pandas' own value for a missing cell has no truth.
    return type(cell).__name__ in ("NAType", "NaTType") or bool(cell != cell)

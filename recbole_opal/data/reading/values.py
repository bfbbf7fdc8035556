"""What no value of a column may be."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from recbole_opal.data.reading.header import Column
from recbole_opal.data.reading.rows import RowBlock
from recbole_opal.data.reading.time_units import EXACT_BELOW, is_exact
from recbole_opal.errors import DataError

__all__ = ["EXACT_BELOW", "LONGEST_TOKEN", "PADDING", "Roles", "check_values", "refuse_rows"]

# RecBole keeps the ids of a column in an array whose every cell is as wide as the longest.
LONGEST_TOKEN = 1000
PADDING = "[PAD]"
_LARGEST = float(np.finfo(np.float32).max)  # RecBole keeps other numbers in float32

Check = tuple[npt.NDArray[np.bool_], str, str]


@dataclass(frozen=True)
class Roles:
    """What columns are for, which decides what their values may be.

    Attributes:
        ids: columns of ids, which must not be empty.
        times: columns of times, which must be finite and not negative.
    """

    ids: Collection[str] = ()
    times: Collection[str] = ()


def check_values(
    values: pd.Series[Any], column: Column, block: RowBlock, roles: Roles, path: Path
) -> None:
    """Refuse numbers and ids that would be lost or changed later.

    Args:
        values: `(R,)` float64 or text, NaN where missing.
        column: where they stand.
        block: their lines.
        roles: which columns are ids and times.
        path: of the file, for the message.

    Raises:
        DataError: a number is infinite or too large, a time is missing or negative, an id is
            missing or too long, or it is the word that stands for no item.
    """
    if column.kind == "float":
        checks = _number_checks(values.to_numpy(dtype=np.float64), column.name in roles.times)
    else:
        checks = _token_checks(values, column.name in roles.ids, block)
    for wrong, what, fix in checks:
        refuse_rows(wrong, what, fix, column, block, path)


def refuse_rows(
    wrong: npt.NDArray[np.bool_], what: str, fix: str, column: Column, block: RowBlock, path: Path
) -> None:
    """Raise an error that names the first wrong row, if there is one.

    Args:
        wrong: `(R,)` bool.
        what: is wrong, to stand behind the name of the column.
        fix: what to do.
        column: of the values.
        block: of the values.
        path: of the file.

    Raises:
        DataError: a row is wrong.
    """
    rows = np.flatnonzero(wrong)
    if len(rows):
        raise DataError(f"{path}, line {block.lines[rows[0]]}: {column.name} {what}; {fix}.")


def _number_checks(values: npt.NDArray[np.float64], is_time: bool) -> Iterator[Check]:
    if not is_time:
        yield np.abs(values) > _LARGEST, "is infinite", "give a number or leave it empty"
        return
    fix = "give the row a time or take it out"
    yield np.isnan(values), "is missing or not a number", fix
    yield np.isinf(values), "is infinite", fix
    yield values < 0, "is negative", "write seconds since 1970, or add a constant to all times"
    yield ~is_exact(values), "is too large to be exact", "write seconds"


def _token_checks(values: pd.Series[Any], is_id: bool, block: RowBlock) -> Iterator[Check]:
    if is_id:
        yield values.isna().to_numpy(), "is empty", "give the row an id or take it out"
    if block.longest > LONGEST_TOKEN:  # else no value can be
        lengths = values.str.len().fillna(0).to_numpy()
        what = f"is longer than {LONGEST_TOKEN} characters"
        yield lengths > LONGEST_TOKEN, what, "shorten it, for example to a number"
    if PADDING.encode() in block.text:
        yield (values == PADDING).to_numpy(), f"is {PADDING}, which means none", "rename it"

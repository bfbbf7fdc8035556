"""An atomic file of interactions as numbered rows, some at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from recbole_opal.data.atomic_files import (
    Column,
    Roles,
    TableFormat,
    column_in_seconds,
    read_blocks,
    require_columns,
)
from recbole_opal.data.stored.sorting import Rows
from recbole_opal.data.user_sequences import IntArray
from recbole_opal.errors import DataError

__all__ = ["LogFile"]


class LogFile:
    """A log, read once from its beginning to its end.

    What grows in memory are the tokens alone, some 150 bytes for each user and item.

    Args:
        path: of the `.inter` file.
        form: how it is written.
        columns: of users, items and times.
        unit: of the times, one of `TIME_UNITS`; None: judged from each block, which must agree.
    """

    time_unit: str

    def __init__(
        self, path: Path, form: TableFormat, columns: Sequence[str], unit: str | None
    ) -> None:
        self._path, self._form, self._unit = path, form, unit
        self._user, self._item, self._time = columns
        self._numbers = {"users": _Numbers(), "items": _Numbers()}

    def rows(self) -> Iterator[Rows]:
        """Yield all rows; `time_unit` and `tokens` are right once they are.

        Raises:
            DataError: the file cannot be read or is malformed; file and line are named.
        """
        roles, unit = Roles([self._user, self._item], [self._time]), self._unit
        for block in read_blocks(self._path, self._form, roles=roles, choose=self._choose):
            times = block.frame[self._time].to_numpy(dtype=np.float64)
            seconds, found = column_in_seconds(times, self._unit, self._time, self._path, [block])
            unit = unit or found
            if found != unit:
                raise DataError(
                    f"{self._path}, line {block.lines[0]}: from here on {self._time} seems to hold "
                    f"{found}, and {unit} above; write --time_unit={unit} if all are."
                )
            yield Rows(
                self._numbers["users"].of(block.frame[self._user]),
                self._numbers["items"].of(block.frame[self._item]),
                seconds,
            )
        if unit is None:
            raise DataError(f"{self._path} holds a header and no row; write one row a line below.")
        self.time_unit = unit

    def tokens(self) -> dict[str, bytes]:
        """Return the tokens of "users" and "items", one a line, by their numbers from 1 on."""
        return {what: "\n".join(numbers).encode() for what, numbers in self._numbers.items()}

    def _choose(self, given: Sequence[Column]) -> list[Column]:
        kinds = {self._user: "token", self._item: "token", self._time: "float"}
        fix = "add it, or name another by --USER_ID_FIELD, --ITEM_ID_FIELD or --TIME_FIELD."
        require_columns(given, kinds, self._path, fix)
        return [column for column in given if column.name in kinds]


class _Numbers(dict[str, int]):
    """Tokens to numbers from 1, in the order in which they are met first, as RecBole has it."""

    def __missing__(self, token: str) -> int:
        number = self[token] = len(self) + 1
        return number

    def of(self, tokens: pd.Series[str]) -> IntArray:
        """Return the number of each token; the loop is C's, but for tokens that are new."""
        found = map(self.__getitem__, tokens.to_numpy())
        return np.fromiter(found, dtype=np.int64, count=len(tokens))

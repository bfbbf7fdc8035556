"""Atomic files as columns of numbers, by the reader of training; what that refuses is counted."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from recbole_opal.conversion.source import Tally
from recbole_opal.conversion.statistics import LogColumns
from recbole_opal.data.atomic_files import (
    Column,
    Roles,
    TableFormat,
    column_in_seconds,
    read_blocks,
    read_header,
    require_columns,
)
from recbole_opal.data.atomic_files.fields import Fault
from recbole_opal.data.atomic_files.suggested_commands import convert_command
from recbole_opal.data.atomic_files.time_units import UNITLESS, read_note
from recbole_opal.errors import DataError

__all__ = ["AtomicForm", "FieldCover", "read_items", "read_log"]

_ROLES = ("user", "item", "time")
# What a run would say of a row, in fewer words.
_SHORT = {
    "is empty": "no {role}",
    "is missing or not a number": "no finite time",
    "is infinite": "no finite time",
    "is negative": "negative time",
    "is too large to be exact": "time too large to be exact",
}


@dataclass(frozen=True)
class AtomicForm:
    """How the atomic files of a data set are written.

    Attributes:
        fields: names of the fields of users, items and times.
        encoding: of the files.
        separator: between two columns, one character.
        time_unit: of the times, one of `TIME_UNITS`; None: judged from them.
    """

    fields: tuple[str, str, str] = ("user_id", "item_id", "timestamp")
    encoding: str = "utf-8"
    separator: str = "\t"
    time_unit: str | None = None

    @property
    def table(self) -> TableFormat:
        """The same for the reader."""
        return TableFormat(self.separator, encoding=self.encoding)


@dataclass(frozen=True)
class FieldCover:
    """How far a field of the item table reaches.

    Attributes:
        name: with its type, as `tag:token_seq`.
        filled: interacted items whose cell is not missing.
        values: distinct elements among them.
    """

    name: str
    filled: int
    values: int


def read_log(
    path: Path,
    form: AtomicForm,
    tally: Tally,
    advance: Callable[[Tally], None] = lambda tally: None,
) -> tuple[LogColumns, dict[str, int]]:
    """Read an `.inter` file; rows whose user, item or time a run would refuse are left out.

    Args:
        path: of the file.
        form: how it is written.
        tally: counts rows and what is left out.
        advance: called after each block.

    Returns:
        The columns, and the number of each item by its id.

    Raises:
        DataError: the file is missing, malformed, without a field, or holds no row, or its times
            are of several units.
    """
    user, item, time = form.fields
    written: list[str] = []
    fixes: dict[str, str] = {}

    def choose(given: Sequence[Column]) -> list[Column]:
        written[:] = [str(one) for name in form.fields for one in given if one.name == name]
        return [one for one in given if one.name in form.fields]

    def leave_out(column: str, fault: Fault, rows: int) -> None:
        role = _ROLES[form.fields.index(column)]
        reason = _SHORT.get(fault.what, "{role} {what}").format(role=role, what=fault.what)
        fixes.setdefault(reason, fault.fix)
        tally.dropped[reason] += rows
        tally.rows += rows

    blocks = partial(
        read_blocks, path, form.table, roles=Roles([user, item], [time]), choose=choose
    )
    codes: dict[str, dict[str, int]] = {user: {}, item: {}}
    numbers: dict[str, list[npt.NDArray[np.int32]]] = {user: [], item: []}
    times = []
    for block in blocks(leave_out=leave_out):
        tally.rows += len(block.lines)
        tally.bytes_done += block.size
        times.append(block.frame[time].to_numpy(np.float64))
        for name, own in numbers.items():
            own.append(_coded(block.frame[name], codes[name]))
        advance(tally)
    if not sum(map(len, times)):
        why = _what_instead(path, form, written, tally, fixes)
        raise DataError(f"{path} holds no interaction{why}.")
    again = blocks(leave_out=lambda column, fault, rows: None)
    seconds, unit = column_in_seconds(np.concatenate(times), form.time_unit, time, path, again)
    tally.notes.append(read_note(time, unit, given=form.time_unit is not None))
    users, items = (np.concatenate(numbers[name]) for name in (user, item))
    return LogColumns(users, items, seconds, dated=unit not in UNITLESS), codes[item]


def _what_instead(
    path: Path,
    form: AtomicForm,
    written: Sequence[str],
    tally: Tally,
    fixes: Mapping[str, str],
) -> str:
    """Say why no row is left, and what to do."""
    if not tally.dropped:
        return "; write one row a line below its header, or convert the log again"
    why = ", ".join(f"{reason}: {count:,} rows" for reason, count in tally.dropped.items())
    fix = next(iter(fixes.values()))
    if "no finite time" in fixes:
        command = convert_command(path, written, form.encoding)
        fix = f"correct them, or convert the file with `{command}`"
    return f" that a run would take ({why}); {fix}"


def read_items(
    path: Path, form: AtomicForm, known: Mapping[str, int], tally: Tally
) -> list[FieldCover]:
    """Return how many of the interacted items have each field of an `.item` file.

    Of several rows of an item all lists count, and the first value that is there, as in training.

    Args:
        path: of the file.
        form: how it is written.
        known: interacted items, with their numbers.
        tally: is told of items with several rows, in `notes`.

    Raises:
        DataError: the file is malformed or lacks the ids.
    """
    key = form.fields[1]
    columns = read_header(path, form.separator, form.encoding)
    require_columns(columns, {key: "token"}, path, "add it.")
    others = [column for column in columns if column.name != key]
    rows = np.zeros(len(known), dtype=np.int64)
    filled = {column.name: np.zeros(len(known), dtype=bool) for column in others}
    values: dict[str, set[object]] = {column.name: set() for column in others}
    for block in read_blocks(path, form.table, roles=Roles([key])):
        met = block.frame[block.frame[key].isin(known)]
        items = met[key].map(known).to_numpy(np.int64)
        np.add.at(rows, items, 1)
        for column in others:
            cells, own = met[column.name], filled[column.name]
            if column.kind.endswith("seq"):
                has = (cells.map(len) > 0).to_numpy(bool)
                values[column.name].update(*(cell.tolist() for cell in cells))
            else:
                has = cells.notna().to_numpy() & ~own[items]
                has[has] = ~pd.Series(items[has]).duplicated().to_numpy()
                values[column.name].update(cells[has])
            own[items[has]] = True
    repeated = int(rows.sum() - np.count_nonzero(rows))
    if repeated:
        tally.notes.append(
            f"{path.name}: {repeated:,} rows repeat an item; of them lists are joined, and of "
            "other fields the first value counts"
        )
    return [
        FieldCover(str(column), int(filled[column.name].sum()), len(values[column.name]))
        for column in others
    ]


def _coded(ids: pd.Series, codes: dict[str, int]) -> npt.NDArray[np.int32]:
    """Return (n,) int32: the number of each id; a new id gets the next one."""
    places, distinct = pd.factorize(ids)
    numbers = np.fromiter(
        (codes.setdefault(one, len(codes)) for one in distinct), np.int32, len(distinct)
    )
    return numbers[places]

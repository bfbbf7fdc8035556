"""The one reader of atomic files: what trains and what describes a data set see the same rows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from recbole_opal.data.atomic_files.fields import (
    Fault,
    Lines,
    Roles,
    counted_lines,
    faults,
    parsed_columns,
    split_fields,
)
from recbole_opal.data.atomic_files.header import Column, read_header
from recbole_opal.data.atomic_files.suggested_commands import convert_command
from recbole_opal.data.atomic_files.text_lines import line_blocks
from recbole_opal.data.atomic_files.time_units import (
    TICKS_OR_NANOSECONDS,
    BoolArray,
    FloatArray,
    are_ticks,
    as_seconds,
)
from recbole_opal.errors import DataError

__all__ = ["Block", "TableFormat", "column_in_seconds", "read_blocks", "read_table"]

LeaveOut = Callable[[str, Fault, int], None]


@dataclass(frozen=True)
class TableFormat:
    """How atomic files are written."""

    separator: str = "\t"  # between two columns, one ASCII character
    parts: str = " "  # between two values of a `token_seq` or `float_seq`
    encoding: str = "utf-8"


@dataclass(frozen=True)
class Block:
    """Some rows: `float` as float64, `token` as text, both NaN where missing, lists as arrays."""

    columns: list[Column]  # that are read
    frame: pd.DataFrame
    lines: npt.NDArray[np.int64]  # (R,) of each row, from 1
    size: int  # bytes of the text, with the rows that were left out


def read_blocks(
    path: Path,
    form: TableFormat,
    *,
    roles: Roles,
    choose: Callable[[Sequence[Column]], Sequence[Column]] = lambda columns: columns,
    leave_out: LeaveOut | None = None,
) -> Iterator[Block]:
    """Read an atomic file in one pass, blocks of 8 MiB at a time, parsed in C.

    Unlike RecBole's reader: a quotation mark is a character like others; only an empty field is a
    missing token (`NA` and `null` are ids like others).

    `choose` gets the columns of the file and returns those to read, one or more, or refuses them.
    `leave_out` is told the column, the fault and the number of rows that are left out for an id or
    a time that cannot be used; without it such a row is an error.

    Raises:
        DataError: the file cannot be read, is malformed, or is empty.
    """
    header = read_header(path, form.separator, form.encoding)
    chosen = list(choose(header))
    places = {header.index(column): column for column in chosen}
    convert = None if leave_out else _converting(header, form, roles, path)
    for text, first in line_blocks(path, form.encoding):
        if first == 1:
            first, text = 2, text.partition(b"\n")[2]
        lines = counted_lines(text, first, form.separator, len(header), path)
        if len(lines.numbers):
            frame = parsed_columns(lines, places, convert)
            kept = _checked(frame, chosen, form, roles, lines, leave_out)
            rows = frame if kept.all() else frame[kept].reset_index(drop=True)
            yield Block(chosen, rows, lines.numbers[kept], len(text))


def read_table(
    path: Path,
    form: TableFormat,
    *,
    roles: Roles,
    choose: Callable[[Sequence[Column]], Sequence[Column]] = lambda columns: columns,
) -> tuple[list[Column], pd.DataFrame]:
    """Read an atomic file whole; see `read_blocks`."""
    blocks = list(read_blocks(path, form, roles=roles, choose=choose))
    if not blocks:
        raise DataError(f"{path} holds a header and no row; write one row a line below.")
    return blocks[0].columns, pd.concat([block.frame for block in blocks], ignore_index=True)


def line_of_row(blocks: Iterable[Block], row: int) -> int:
    """Return the line of a row, given by its number from 0 among those of the blocks."""
    numbers = chain.from_iterable(block.lines for block in blocks)
    return int(next(islice(numbers, row, None)))


def column_in_seconds(
    numbers: FloatArray, unit: str | None, name: str, path: Path, again: Iterable[Block]
) -> tuple[FloatArray, str]:
    """Return a whole column of finite times in seconds, and the unit they were written in.

    The unit is one of `TIME_UNITS`; None: judged from the numbers. `again` are the blocks of the
    file, read once more where an error must name a line.

    Raises:
        DataError: a time makes sense in another unit only, or is no date where all others are; or
            all are of one year in nanoseconds, and of any year as .NET counts them.
    """

    def place(wrong: BoolArray) -> str:
        return f"{path}, line {line_of_row(again, int(wrong.argmax()))}"

    if unit is None and are_ticks(numbers):
        raise DataError(f"{place(numbers > 0)}: {name} {TICKS_OR_NANOSECONDS}")
    return as_seconds(numbers, unit, name, place)


def _checked(
    frame: pd.DataFrame,
    columns: Sequence[Column],
    form: TableFormat,
    roles: Roles,
    lines: Lines,
    leave_out: LeaveOut | None,
) -> npt.NDArray[np.bool_]:
    """Split lists in place, refuse faults, and return (R,) which rows stay."""
    kept = np.ones(len(frame), dtype=bool)
    with_roles = [*roles.ids, *roles.times]
    order = {name: place for place, name in enumerate(with_roles)}
    for column in sorted(columns, key=lambda one: order.get(one.name, len(order))):
        values = frame[column.name]
        if column.kind.endswith("seq"):
            lists = split_fields(values, form.parts, column, lines)
            frame[column.name] = pd.Series(lists, dtype=object)
            continue
        for fault in faults(values, column, lines, roles):
            if leave_out is None or column.name not in order:
                fault.refuse(column, lines)
            elif lost := int((kept & fault.wrong).sum()):
                leave_out(column.name, fault, lost)
                kept &= ~fault.wrong
    return kept


def _converting(
    header: Sequence[Column], form: TableFormat, roles: Roles, path: Path
) -> Mapping[str, str]:
    """Return the command that makes times into numbers, for the column of the times."""
    names = [*roles.ids, *roles.times]
    written = {column.name: str(column) for column in header}
    if len(names) != 3 or not set(names) <= set(written):
        return {}
    command = convert_command(path, [written[name] for name in names], form.encoding)
    return dict.fromkeys(roles.times, command)

"""An atomic file as a data frame."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from recbole_opal.data.reading.advice import convert_command
from recbole_opal.data.reading.header import Column, parse_header
from recbole_opal.data.reading.lines import line_blocks
from recbole_opal.data.reading.parse import parse_rows
from recbole_opal.data.reading.rows import RowBlock, checked_rows
from recbole_opal.data.reading.sequences import split_fields
from recbole_opal.data.reading.values import Roles, check_values
from recbole_opal.errors import DataError

__all__ = ["TableFormat", "line_of_row", "read_table"]


@dataclass(frozen=True)
class TableFormat:
    """How atomic files are written.

    Attributes:
        separator: between two columns, one ASCII character.
        parts: between two values of a field of a `token_seq` or `float_seq` column.
        encoding: of the text.
    """

    separator: str = "\t"
    parts: str = " "
    encoding: str = "utf-8"


def read_table(
    path: Path,
    form: TableFormat,
    *,
    roles: Roles,
    choose: Callable[[Sequence[Column]], Sequence[Column]] = lambda columns: columns,
) -> tuple[list[Column], pd.DataFrame]:
    """Read an atomic file in one pass, with little memory beside the result.

    Unlike RecBole's reader: a quotation mark is a character like others; only an empty field is a
    missing token (`NA` and `null` are ids like others); blocks of 8 MiB are parsed in C.

    Args:
        path: of the file.
        form: how the file is written.
        roles: which columns are ids and times.
        choose: from the columns of the file to those to read, one or more; it may refuse them.

    Returns:
        The columns that were read, and a frame of them: `float` as float64 and `token` as text,
        both NaN where missing; `token_seq` and `float_seq` as arrays.

    Raises:
        DataError: the file cannot be read, is malformed, or has no rows.
    """
    header: list[Column] | None = None
    chosen: list[Column] = []
    frames: list[pd.DataFrame] = []
    for text, first_line in line_blocks(path, form.encoding):
        if header is None:
            line, _, text = text.partition(b"\n")
            first_line += 1
            header = parse_header(line.decode(), form.separator, path)
            chosen = list(choose(header))
        block = checked_rows(text, first_line, form.separator, len(header), path)
        if len(block.lines):
            frames.append(_frame(block, form, header, chosen, roles, path))
    return chosen, _joined(header, frames, path)


def line_of_row(path: Path, form: TableFormat, row: int) -> int:
    """Return the line in which a row of a readable file stands, from 1.

    Args:
        path: of the file.
        form: how the file is written.
        row: its number in the frame of `read_table`, from 0.
    """
    number = 1
    for text, number in line_blocks(path, form.encoding):
        for line in text.splitlines():
            row -= bool(line) and number > 1
            if row < 0:
                return number
            number += 1
    return number


def _frame(
    block: RowBlock,
    form: TableFormat,
    header: Sequence[Column],
    chosen: Sequence[Column],
    roles: Roles,
    path: Path,
) -> pd.DataFrame:
    wanted = {header.index(column): column for column in chosen}
    frame: pd.DataFrame = parse_rows(
        block, form.separator, wanted, path, _converting(header, form, roles, path)
    )
    for column in chosen:
        values = frame[column.name]
        if column.kind.endswith("seq"):
            frame[column.name] = split_fields(values, form.parts, column, block, path)
        else:
            check_values(values, column, block, roles, path)
    return frame


def _converting(
    header: Sequence[Column], form: TableFormat, roles: Roles, path: Path
) -> dict[str, str]:
    """Return the command that makes times into numbers, for the column of the times."""
    names = [*roles.ids, *roles.times]
    written = {column.name: f"{column.name}:{column.kind}" for column in header}
    if len(names) != 3 or not set(names) <= set(written):
        return {}
    command = convert_command(path, [written[name] for name in names], form.encoding)
    return dict.fromkeys(roles.times, command)


def _joined(
    header: list[Column] | None, frames: Sequence[pd.DataFrame], path: Path
) -> pd.DataFrame:
    if header is None:
        raise DataError(
            f"{path} is empty; write a header such as user_id:token and one row a line below."
        )
    if not frames:
        raise DataError(f"{path} holds a header and no row; write one row a line below.")
    joined: pd.DataFrame = pd.concat(frames, ignore_index=True)
    return joined

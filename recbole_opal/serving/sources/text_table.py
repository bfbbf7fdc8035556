"""Delimited text with a row an item: csv, tsv, and RecBole's atomic files."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from operator import itemgetter
from pathlib import Path
from typing import Any, BinaryIO, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from recbole_opal.data.atomic_files.header import KINDS
from recbole_opal.errors import DataError
from recbole_opal.serving.histories import RawHistories
from recbole_opal.serving.sources.columns import Columns, Found
from recbole_opal.serving.sources.long_rows import LongRows
from recbole_opal.serving.sources.opening import opened
from recbole_opal.serving.sources.times import converter

__all__ = ["read_text_table"]

_CHUNK = 512  # rows: of more the lists leave the cache of the processor, at half the speed
_SEPARATORS = ("\t", ",", ";", "|")


@dataclass(frozen=True)
class _Form:
    """How the rows of a file are written, as its first line tells."""

    names: Sequence[str]
    separator: str
    quoting: Literal[0, 3]


def read_text_table(path: Path, batch_size: int, columns: Columns) -> Iterator[RawHistories]:
    """Yield the users of a file whose every row is one item of one user.

    A cell is what stands in the file, letter by letter. The first line names the columns, in an
    atomic file as `user_id:token`; the separator is a tab, comma, semicolon or bar.

    Raises:
        DataError: the file is malformed; its line is named.
    """
    with opened(path) as file:
        form = _form(file, path)
        found = columns.find(form.names, str(path))
        rows = LongRows(timed=found.time is not None)
        for chunk, first in _chunks(file, form, path):
            _take(rows, chunk, first, form, found, path)
    in_seconds = converter(columns.time_unit, str(found.time), str(path))
    yield from rows.batches(batch_size, in_seconds)


def _form(file: BinaryIO, path: Path) -> _Form:
    """Read the first line."""
    line = _decoded(file.readline().removeprefix(b"\xef\xbb\xbf"), path, 1).rstrip("\r\n")
    if not line:
        raise DataError(
            f"{path} begins with no names of columns; write for example user_id,item_id."
        )
    separator = max(_SEPARATORS, key=line.count)
    try:
        names = [name.strip() for name in next(csv.reader([line], delimiter=separator))]
    except csv.Error as error:
        raise DataError(f"{path}, line 1: {error}; correct the names of the columns.") from error
    if all(name.rpartition(":")[2] in KINDS for name in names):
        # Atomic files know no quotes.
        return _Form([name.rpartition(":")[0] for name in names], separator, csv.QUOTE_NONE)
    return _Form(names, separator, csv.QUOTE_MINIMAL)


def _chunks(file: BinaryIO, form: _Form, path: Path) -> Iterator[tuple[list[list[str]], int]]:
    """Yield rows, all of the right width or empty lines, and the line of the first of them."""
    lines = map(bytes.decode, file)
    reader = csv.reader(lines, delimiter=form.separator, quoting=form.quoting, strict=True)
    while True:
        first, rows = reader.line_num + 2, list[list[str]]()
        try:
            rows.extend(islice(reader, _CHUNK))
        except UnicodeDecodeError as error:
            _decoded(error.object, path, reader.line_num + 2)
        except csv.Error as error:
            line = _line(rows, len(rows), first)
            raise DataError(
                f"{path}, line {line}: {error}; correct the quotes of the line, doubled inside a "
                "quoted field."
            ) from error
        if not rows:
            return
        if set(map(len, rows)) - {len(form.names), 0}:
            _refuse_width(rows, first, form, path)
        yield rows, first


def _take(
    rows: LongRows, chunk: list[list[str]], first: int, form: _Form, found: Found, path: Path
) -> None:
    filled = list(filter(None, chunk))

    def place(row: int) -> str:
        # Empty lines lie between; they are few, and this is asked for messages alone.
        at = int(np.flatnonzero([bool(one) for one in chunk])[row])
        return f"{path}, line {_line(chunk, at, first)}"

    def column(name: str) -> Sequence[str]:
        return list(map(itemgetter(form.names.index(name)), filled))

    items, times = column(found.item), None
    if found.time is not None:
        times = _numbers(column(found.time), items, found.time, place)
    rows.add(_distinct(column(found.user)), _distinct(items), times, place)


def _distinct(texts: Sequence[str]) -> tuple[npt.NDArray[Any], list[str]]:
    """Return (n,) places among the distinct texts, -1 for an empty one."""
    places, found = pd.factorize(np.array(texts, dtype=object))
    distinct = found.tolist()
    if "" in distinct:
        empty = distinct.index("")
        del distinct[empty]
        places = np.where(places == empty, -1, places - (places > empty))
    return places, distinct


def _numbers(
    texts: Sequence[str], items: Sequence[str], name: str, place: Any
) -> npt.NDArray[np.float64]:
    """Return (n,) float64, NaN where a row has neither item nor time."""
    try:
        return np.array(texts, dtype=object).astype(np.float64)
    except ValueError:
        pass
    numbers = np.full(len(texts), np.nan)
    for row, (text, item) in enumerate(zip(texts, items, strict=True)):
        try:
            numbers[row] = float(text) if text or item else np.nan
        except ValueError as error:
            raise DataError(
                f"{place(row)}: {name} is {text!r}, which is no number; write seconds since 1970, "
                "or name another column with --time_field=COLUMN."
            ) from error
    return numbers


def _refuse_width(rows: list[list[str]], first: int, form: _Form, path: Path) -> None:
    width = len(form.names)
    wrong = next(place for place, row in enumerate(rows) if len(row) not in (width, 0))
    raise DataError(
        f"{path}, line {_line(rows, wrong, first)} has {len(rows[wrong])} fields where the header "
        f"has {width}; correct the line."
    )


def _line(rows: list[list[str]], place: int, first: int) -> int:
    """Return the line in which a row begins: quoted fields before it may hold line breaks."""
    return first + place + sum(cell.count("\n") for cell in chain.from_iterable(rows[:place]))


def _decoded(line: bytes, path: Path, number: int) -> str:
    try:
        return line.decode()
    except UnicodeDecodeError as error:
        raise DataError(
            f"{path}, line {number} cannot be read as UTF-8; save the file as UTF-8."
        ) from error

"""Delimited text, plain or gzipped, in chunks of text columns."""

from __future__ import annotations

import csv
import re
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import pandas as pd

from recbole_opal.conversion.short_lines import refuse_short_lines
from recbole_opal.conversion.source import Tally
from recbole_opal.conversion.text_stream import CheckedText, opened_text
from recbole_opal.errors import DataError
from recbole_opal.suggest import did_you_mean

__all__ = ["TextFormat", "read_text", "text_header"]

_CHUNK_ROWS = 100_000
_CHUNK_CELLS = 1_000_000  # a wide table has shorter chunks
_LONGEST_HEADER = 1 << 20  # characters; a binary file may have no line end at all
_SEPARATORS = ("\t", ",", ";", "|")
_TOO_MANY = re.compile(r"in line (\d+), saw (\d+)")
_OPEN_QUOTE = re.compile(r"EOF inside string starting at row (\d+)")


@dataclass(frozen=True)
class TextFormat:
    """How a text file is written.

    Attributes:
        separator: one character, None: a tab, comma, semicolon or bar, whichever the header has
            most of.
        encoding: of the file; a byte order mark is skipped in the default.
        names: of the columns where the file has no header line.
        quoted: whether `"` can enclose a field; False reads it as an ordinary character.
    """

    separator: str | None = None
    encoding: str = "utf-8-sig"
    names: tuple[str, ...] | None = None
    quoted: bool = True


def text_header(path: Path, form: TextFormat = TextFormat()) -> list[str]:  # noqa: B008, frozen
    """Return the names of the columns.

    Args:
        path: of the file, gzipped if it ends with `.gz`.
        form: how it is written.

    Raises:
        DataError: the file is missing, empty or no text.
    """
    with opened_text(path, form.encoding, Tally()) as text:
        return _header(path, text, form)[0]


def read_text(
    path: Path,
    columns: Sequence[str],
    tally: Tally,
    form: TextFormat = TextFormat(),  # noqa: B008, frozen
) -> Iterator[pd.DataFrame]:
    """Yield the columns as text, some hundred thousand rows at a time.

    A cell is exactly what stands in the file, an empty one `""`. The index is the number of the
    line, its name `PATH, line` (a quoted line break or a bare carriage return puts it off). Lines
    without any content are skipped.

    Args:
        path: of the file, gzipped if it ends with `.gz`.
        columns: those wanted, in the order wanted.
        tally: counts the rows, and the bytes of the file as it lies on the disk.
        form: how it is written.

    Raises:
        DataError: the file is missing, empty, no text, damaged, without one of the columns, or a
            line has more fields than the header, or fewer and is not all empty (this is told
            after the last chunk).
    """
    rows, last_is_empty = 0, False
    with opened_text(path, form.encoding, tally) as text:
        names, separator, first_line = _header(path, text, form)
        text.separator = separator
        places = _places(path, names, columns)
        chunks = _parsed(path, text, separator, len(names), places, form.quoted, first_line)
        for chunk in chunks:
            chunk.index = pd.RangeIndex(
                chunk.index[0] + first_line, chunk.index[-1] + first_line + 1, name=f"{path}, line"
            )
            _refuse_long_rows(chunk, len(names))
            rows += len(chunk)
            last_is_empty |= bool((chunk[len(names) - 1] == "").any())
            frame = chunk[places].set_axis(list(columns), axis=1)
            blank = (frame == "").all(axis=1).to_numpy()
            if blank.any():
                # A line with separators only is a row too; it is told by its other columns.
                blank &= (chunk.drop(columns=places).astype(str) == "").all(axis=1).to_numpy()
                frame = frame[~blank]
            tally.rows += len(frame)
            yield frame
    # Without quotes the separators tell by their number whether any is missing.
    full = text.separators == rows * (len(names) - 1) and not (form.quoted and text.quotes)
    if last_is_empty and not full:
        quoting = _quoting(form.quoted)
        refuse_short_lines(path, form.encoding, separator, quoting, len(names), first_line)


def _header(path: Path, text: CheckedText, form: TextFormat) -> tuple[list[str], str, int]:
    """Return the names, the separator and the number of the first line that holds data."""
    if form.names is not None:
        separator = form.separator or ("," if ".csv" in path.suffixes else "\t")
        return list(form.names), separator, 1
    line, number = "\n", 0
    while line and not line.strip("\r\n"):
        line = text.readline(_LONGEST_HEADER)
        number += 1
    if not line:
        raise DataError(f"{path} is empty; it must begin with the names of its columns.")
    if len(line) == _LONGEST_HEADER or "\0" in line:
        raise DataError(f"{path} is no table of text; give a csv, tsv or parquet file.")
    line = line.rstrip("\r\n")
    separator = form.separator or max(_SEPARATORS, key=line.count)
    try:
        (names,) = csv.reader([line], delimiter=separator, quoting=_quoting(form.quoted))
    except csv.Error as error:
        raise DataError(f"{path}, line {number}: {error}; correct the header.") from error
    return [name.strip() for name in names], separator, number + 1


def _quoting(quoted: bool) -> Literal[0, 3]:
    return csv.QUOTE_MINIMAL if quoted else csv.QUOTE_NONE


def _places(path: Path, names: Sequence[str], columns: Sequence[str]) -> list[int]:
    """Return where the columns stand."""
    for column in columns:
        if column not in names:
            hint = did_you_mean(column, names) or f"; choose from {', '.join(names)}."
            raise DataError(f"{path} has no column {column}{hint}")
        if names.count(column) > 1:
            raise DataError(f"{path} has two columns {column}; rename one of them in its header.")
    return [names.index(column) for column in columns]


def _parsed(
    path: Path,
    text: CheckedText,
    separator: str,
    width: int,
    places: Sequence[int],
    quoted: bool,
    first_line: int,
) -> Iterator[pd.DataFrame]:
    """Yield chunks with the columns 0 to `width`; what the last one holds is too much."""
    # Columns that are not wanted are read too: with `usecols` pandas keeps silent about rows that
    # are too long. As categories they cost little.
    kinds = {place: "str" if place in places else "category" for place in range(width + 1)}
    rows = min(_CHUNK_ROWS, max(1000, _CHUNK_CELLS // (len(places) + width // 4)))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", pd.errors.ParserWarning)
            # Its stubs know neither this kind of file nor columns named by numbers.
            read_csv: Any = pd.read_csv
            reader = read_csv(
                text,
                sep=separator,
                header=None,
                names=list(range(width + 1)),
                dtype=kinds,
                index_col=False,
                na_filter=False,
                skip_blank_lines=False,
                chunksize=rows,
                engine="c",
                low_memory=False,
                quoting=_quoting(quoted),
            )
            for chunk in reader:
                if len(chunk):
                    yield chunk
    except (pd.errors.ParserError, pd.errors.ParserWarning) as error:
        raise DataError(_malformed(path, str(error), width, first_line)) from error


def _malformed(path: Path, message: str, width: int, first_line: int) -> str:
    long = _TOO_MANY.search(message)
    if long:
        line = int(long[1]) + first_line - 1
        return _too_long(f"{path}, line {line}", f"{long[2]} fields", width)
    quote = _OPEN_QUOTE.search(message)
    if quote:
        line = int(quote[1]) + first_line
        return (
            f"{path}, line {line}: a quote is opened and never closed; correct the line, or write "
            "--quoted=False if quotes are ordinary characters there."
        )
    if "loss of data" in message:
        return _too_long(str(path), "more fields in a line", width)
    return f"{path} cannot be parsed ({message.strip().splitlines()[-1]}); correct the file."


def _refuse_long_rows(chunk: pd.DataFrame, width: int) -> None:
    surplus = chunk[width].astype(str).to_numpy() != ""
    if surplus.any():
        place = f"{chunk.index.name} {chunk.index[surplus.argmax()]}"
        raise DataError(_too_long(place, f"{width + 1} fields or more", width))


def _too_long(place: str, found: str, width: int) -> str:
    return f"{place}: {found}, but the header has {width}; correct the line."

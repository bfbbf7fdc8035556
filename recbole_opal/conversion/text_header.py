"""How a text file is written, and the line with the names of its columns."""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from recbole_opal.conversion.header_advice import column_hint, refuse_json
from recbole_opal.conversion.text_stream import CheckedText
from recbole_opal.errors import DataError

__all__ = ["TextFormat", "places", "read_header"]

_LONGEST_HEADER = 1 << 20  # characters; a binary file may have no line end at all
_SEPARATORS = ("\t", ",", ";", "|")
_EXCEL = re.compile('"?sep=(.)"?')  # Excel's way to name the separator, above the header


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

    @property
    def quoting(self) -> Literal[0, 3]:
        """The same for `csv` and pandas."""
        return csv.QUOTE_MINIMAL if self.quoted else csv.QUOTE_NONE


def read_header(path: Path, text: CheckedText, form: TextFormat) -> tuple[list[str], str, int]:
    """Return the names, the separator and the number of the first line that holds data.

    Args:
        path: of the file, for messages.
        text: at its beginning; the header is read off it.
        form: how it is written.

    Raises:
        DataError: there is no header.
    """
    if form.names is not None:
        separator = form.separator or ("," if ".csv" in path.name.lower() else "\t")
        return list(form.names), separator, 1
    line, number, named = "", 0, None
    while not line:
        line = text.readline(_LONGEST_HEADER)
        number += 1
        if not line:
            raise DataError(f"{path} is empty; it must begin with the names of its columns.")
        if len(line) == _LONGEST_HEADER or "\0" in line:
            raise DataError(f"{path} is no table of text; give a csv, tsv or parquet file.")
        line = line.rstrip("\r\n")
        excel = _EXCEL.fullmatch(line)
        if excel:
            line, named = "", excel[1]
    refuse_json(path, line)
    separator = form.separator or named or max(_SEPARATORS, key=line.count)
    try:
        (names,) = csv.reader([line], delimiter=separator, quoting=form.quoting)
    except csv.Error as error:
        raise DataError(f"{path}, line {number}: {error}; correct the header.") from error
    return [name.strip() for name in names], separator, number + 1


def places(path: Path, names: Sequence[str], columns: Sequence[str]) -> list[int]:
    """Return where the columns stand.

    Args:
        path: of the file, for messages.
        names: all its columns.
        columns: those wanted.

    Raises:
        DataError: one of them is not there, or twice.
    """
    for column in columns:
        if column not in names:
            raise DataError(f"{path} has no column {column}{column_hint(column, names, columns)}")
        if names.count(column) > 1:
            raise DataError(f"{path} has two columns {column}; rename one of them in its header.")
    return [names.index(column) for column in columns]

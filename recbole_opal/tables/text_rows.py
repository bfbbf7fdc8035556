"""A text with separators: its header, and its rows one by one, strictly read.

DuckDB reads such files; what stands here finds the header, says which line is wrong where DuckDB
refuses a file, and writes a file again that it would misread.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Literal

from recbole_opal.errors import DataError
from recbole_opal.tables.header_advice import refuse_records
from recbole_opal.tables.packed_text import opened_bytes, opened_text

__all__ = ["Header", "TextFormat", "is_plain", "read_header", "rows"]

_LONGEST_HEADER = 1 << 20  # characters; a binary file may have no line end at all
_SEPARATORS = {"\t": "tab", ",": "comma", ";": "semicolon", "|": "'|'"}
_EXCEL = re.compile('"?sep=(.)"?')  # Excel's way to name the separator, above the header
_BLOCK = 1 << 18  # bytes
_UNQUOTE = "or write --quoted=False if quotes are ordinary characters"


@dataclass(frozen=True)
class TextFormat:
    """How a text file is written.

    Attributes:
        separator: of 1 to 4 characters; None: a tab, comma, semicolon, bar or `::`, whichever the
            header has most of.
        encoding: of the file; a byte order mark is skipped in the default.
        names: of the columns where the file has no header line.
        quoted: whether `"` can enclose a field; False reads it as an ordinary character.
    """

    separator: str | None = None
    encoding: str = "utf-8-sig"
    names: tuple[str, ...] | None = None
    quoted: bool = True


@dataclass(frozen=True)
class Header:
    """Names of the columns, the separator, whether quotes enclose, the first line with data."""

    names: tuple[str, ...]
    separator: str
    quoted: bool
    first_line: int


def is_plain(path: Path, form: TextFormat, header: Header) -> bool:
    """Tell whether DuckDB reads a file letter by letter, by a look at its bytes.

    It takes blanks beside a quote away, and reads UTF-8.

    Raises:
        DataError: the file holds NUL, or is packed and not whole.
    """
    if form.encoding.lower() not in ("utf-8-sig", "utf-8", "utf8", "ascii"):
        return False
    plain, last = True, b""
    with opened_bytes(path, form.encoding) as binary:
        while block := binary.read(_BLOCK):
            if b"\0" in block:
                raise UnicodeError("it holds NUL characters")
            if plain and header.quoted and b'"' in block:
                joined = last + block
                plain = b'" ' not in joined and b' "' not in joined
            last = block[-1:]
    return plain


def read_header(path: Path, form: TextFormat) -> Header:
    """Read off how a file is written, and the names of its columns.

    Raises:
        DataError: there is no header.
    """
    if form.names is not None:
        separator = form.separator or _named_by_its_name(path)
        return Header(form.names, separator, form.quoted and len(separator) == 1, 1)
    line, number, named = "", 0, None
    with opened_text(path, form.encoding) as text:
        while not line:
            line = text.readline(_LONGEST_HEADER)
            number += 1
            if not line:
                raise DataError(f"{path} is empty; it must begin with the names of its columns.")
            if len(line) == _LONGEST_HEADER or "\0" in line:
                raise DataError(f"{path} is no table of text; give a csv, tsv or parquet file.")
            line = line.rstrip("\r\n")
            if excel := _EXCEL.fullmatch(line):
                line, named = "", excel[1]
    refuse_records(path, line)
    separator = form.separator or named or max((*_SEPARATORS, "::"), key=line.count)
    quoted = form.quoted and len(separator) == 1
    try:
        (names,) = _split(iter([line]), separator, quoted)
    except csv.Error as error:
        raise DataError(f"{path}, line {number}: {error}; correct the header.") from error
    return Header(tuple(name.strip() for name in names), separator, quoted, number + 1)


def rows(path: Path, form: TextFormat, header: Header) -> Iterator[tuple[int, list[str]]]:
    """Yield the number of the line in which each row begins, and its fields, as many as columns.

    Rows without any content are passed over; a surplus field at the end may be empty.

    Raises:
        DataError: a row has fewer or more fields, or a quote that closes no field.
    """
    width, first = len(header.names), header.first_line
    with opened_text(path, form.encoding) as text:
        lines = islice(text, first - 1, None)
        counted = _Counted(lines)
        reader = _split(counted, header.separator, header.quoted)
        line = first
        try:
            for fields in reader:
                if len(fields) != width:
                    if _is_malformed(fields, width):
                        raise DataError(
                            f"{path}, line {line}: {len(fields)} field{'s' * (len(fields) > 1)}, "
                            f"but the header has {width}; {_way_out(fields, width, line)}."
                        )
                    fields = [*fields, *[""] * width][:width]
                if any(fields):
                    yield line, fields
                line = first + counted.lines
        except csv.Error as error:
            last = first + counted.lines - 1
            raise DataError(f"{path}, line {line}: {_reason(error, line, last)}.") from error


class _Counted:
    """Lines that are counted and hold no NUL."""

    def __init__(self, lines: Iterator[str]) -> None:
        self._lines = lines
        self.lines = 0

    def __iter__(self) -> _Counted:
        return self

    def __next__(self) -> str:
        line = next(self._lines)
        if "\0" in line:
            raise UnicodeError("it holds NUL characters")
        self.lines += 1
        return line


def _split(lines: Iterator[str], separator: str, quoted: bool) -> Iterator[list[str]]:
    if len(separator) > 1:
        return (line.rstrip("\r\n").split(separator) for line in lines)
    quoting: Literal[0, 3] = csv.QUOTE_MINIMAL if quoted else csv.QUOTE_NONE
    return csv.reader(lines, delimiter=separator, quoting=quoting, strict=True)


def _named_by_its_name(path: Path) -> str:
    name = path.name.lower()
    return "," if ".csv" in name else "::" if name.endswith(".dat") else "\t"


def _is_malformed(fields: list[str], width: int) -> bool:
    if len(fields) > width:
        return len(fields) > width + 1 or fields[width] != ""
    return bool("".join(fields).strip())


def _way_out(fields: list[str], width: int, line: int) -> str:
    if line == 1 and len(fields) == 1:  # no header tells what divides the fields
        for sign, name in {**_SEPARATORS, " ": "space", "::": "::"}.items():
            if fields[0].count(sign) == width - 1:
                return f"write --separator={name}"
    return "correct the line, or get the file again"


def _reason(error: csv.Error, line: int, last: int) -> str:
    if "expected after" in str(error):
        if line == last:
            return f"a quote in the middle of a field; correct the line, {_UNQUOTE}"
        return (
            f"a quote is opened that ends in the middle of a field, in line {last}; correct the "
            f"lines, {_UNQUOTE}"
        )
    if "unexpected end" in str(error):
        return f"a quote is opened and never closed; correct the line, {_UNQUOTE}"
    return f"{error}; correct the line"

"""A second, strict reading that finds the lines which pandas takes or mends without a word."""

from __future__ import annotations

import csv
from itertools import islice
from pathlib import Path
from typing import Literal

from recbole_opal.conversion.source import Tally
from recbole_opal.conversion.text_stream import opened_text
from recbole_opal.errors import DataError

__all__ = ["refuse_malformed_lines"]

_SEPARATORS = {"\t": "tab", ",": "comma", ";": "semicolon", "|": "'|'", " ": "space"}
_UNQUOTE = "or write --quoted=False if quotes are ordinary characters"


def refuse_malformed_lines(
    path: Path, encoding: str, separator: str, quoted: bool, width: int, first_line: int
) -> None:
    """Read a file once more, line by line, and find the first that is malformed.

    pandas fills up a row that ends too early, and goes on with a field behind its closing quote,
    so that a stray quote makes one row of several.

    Args:
        path: of the file.
        encoding: of its text.
        separator: between the fields.
        quoted: whether `"` can enclose a field.
        width: number of fields a row must have; empty ones may have none, and a surplus one at the
            end may be empty.
        first_line: number of the first line with data, from 1.

    Raises:
        DataError: a row has fewer or more fields, or a quote that closes no field; the message has
            the number of the line in which the row begins.
    """
    quoting: Literal[0, 3] = csv.QUOTE_MINIMAL if quoted else csv.QUOTE_NONE
    with opened_text(path, encoding, Tally()) as text:
        lines = islice(text, first_line - 1, None)
        rows = csv.reader(lines, delimiter=separator, quoting=quoting, strict=True)
        line = first_line
        try:
            for fields in rows:
                count = len(fields)
                if count != width and _is_malformed(fields, width):
                    raise DataError(
                        f"{path}, line {line}: {count} field{'s' if count > 1 else ''}, but the "
                        f"header has {width}; {_way_out(fields, width, line)}."
                    )
                line = first_line + rows.line_num
        except csv.Error as error:
            last = first_line + rows.line_num - 1
            raise DataError(f"{path}, line {line}: {_reason(error, line, last)}.") from error


def _is_malformed(fields: list[str], width: int) -> bool:
    if len(fields) > width:
        return len(fields) > width + 1 or fields[width] != ""
    return bool("".join(fields).strip())


def _way_out(fields: list[str], width: int, line: int) -> str:
    if line == 1 and len(fields) == 1:  # no header tells what divides the fields
        for sign, name in _SEPARATORS.items():
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

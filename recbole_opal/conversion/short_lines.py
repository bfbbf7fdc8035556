"""Lines that end too early, which pandas fills up without a word."""

from __future__ import annotations

import csv
from itertools import islice
from pathlib import Path

from recbole_opal.conversion.source import Tally
from recbole_opal.conversion.text_stream import opened_text
from recbole_opal.errors import DataError

__all__ = ["refuse_short_lines"]


def refuse_short_lines(
    path: Path, encoding: str, separator: str, quoting: int, width: int, first_line: int
) -> None:
    """Read a file once more, line by line, and find the first that ends too early.

    Args:
        path: of the file, which has been read to its end without an error.
        encoding: of its text.
        separator: between the fields.
        quoting: one of `csv.QUOTE_MINIMAL` and `csv.QUOTE_NONE`.
        width: number of fields a line must have; empty lines may have none.
        first_line: number of the first line with data, from 1.

    Raises:
        DataError: a line has fewer fields.
    """
    with opened_text(path, encoding, Tally()) as text:
        lines = csv.reader(
            islice(text, first_line - 1, None),
            delimiter=separator,
            quoting=quoting,  # type: ignore[arg-type]  # its stubs know the literals only
        )
        try:
            for fields in lines:
                if len(fields) < width and "".join(fields).strip():
                    place = f"{path}, line {lines.line_num + first_line - 1}"
                    count = f"{len(fields)} field{'s' if len(fields) > 1 else ''}"
                    raise DataError(
                        f"{place}: {count}, but the header has {width}; correct the line, or get "
                        "the file again."
                    )
        except csv.Error as error:
            place = f"{path}, line {lines.line_num + first_line - 1}"
            raise DataError(f"{place}: {error}; correct the line.") from error

"""Do all lines of a block have as many fields as the header? Told by counting bytes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from recbole_opal.data.sequences import IntArray
from recbole_opal.errors import DataError

__all__ = ["RowBlock", "checked_rows"]

_NEWLINE = 10


@dataclass(frozen=True)
class RowBlock:
    """Some rows of a file.

    Attributes:
        text: the lines in UTF-8, none of them empty, all of the right number of fields.
        lines: `(R,)` int64, the number of each line in the file, from 1.
        longest: bytes of the longest line.
    """

    text: bytes
    lines: IntArray
    longest: int


def checked_rows(text: bytes, first_line: int, separator: str, fields: int, path: Path) -> RowBlock:
    """Leave out empty lines and check the number of fields of the others.

    Args:
        text: whole lines.
        first_line: the number of the first.
        separator: one ASCII character.
        fields: of each line.
        path: of the file, for the message.

    Raises:
        DataError: a line has more or fewer fields.
    """
    data = np.frombuffer(text, dtype=np.uint8)
    ends = np.flatnonzero(data == _NEWLINE)  # (R,)
    lengths = np.diff(ends, prepend=-1) - 1
    lines = first_line + np.arange(len(ends))
    if not lengths.all():
        kept = lengths > 0
        text = b"".join(line + b"\n" for line in text.split(b"\n") if line)
        return _counted(text, lines[kept], separator, fields, path)
    return _counted(text, lines, separator, fields, path)


def _counted(text: bytes, lines: IntArray, separator: str, fields: int, path: Path) -> RowBlock:
    data = np.frombuffer(text, dtype=np.uint8)
    ends = np.flatnonzero(data == _NEWLINE)  # (R,)
    marks = np.flatnonzero(data == ord(separator))
    found = 1 + np.diff(np.searchsorted(marks, ends), prepend=0)  # (R,)
    wrong = np.flatnonzero(found != fields)
    if len(wrong):
        row = wrong[0]
        raise DataError(
            f"{path}, line {lines[row]} has {found[row]} fields where the header has {fields}; "
            f"write all columns, with {_named(separator)} between two."
        )
    longest = int(np.diff(ends, prepend=-1).max(initial=1)) - 1
    return RowBlock(text, lines, longest)


def _named(separator: str) -> str:
    return {"\t": "one tab", " ": "one space"}.get(separator, f"one '{separator}'")

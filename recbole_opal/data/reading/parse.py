"""Checked lines to columns, by pandas' parser in C."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from typing import Any

import pandas as pd

from recbole_opal.data.reading.header import Column
from recbole_opal.data.reading.rows import RowBlock
from recbole_opal.errors import DataError

__all__ = ["parse_rows"]

_NO_NUMBER = ["", "nan", "NaN", "NAN", "NA", "null", "NULL", "None"]


def parse_rows(
    block: RowBlock,
    separator: str,
    columns: Mapping[int, Column],
    path: Path,
    convert: Mapping[str, str] | None = None,
) -> pd.DataFrame:
    """Parse some columns of a block.

    Args:
        block: checked lines.
        separator: one ASCII character.
        columns: the wanted ones, by their place in a line, in ascending order.
        path: of the file, for the message.
        convert: of a column that must be numbers, the command that makes it so.

    Returns:
        `float` columns as float64, correctly rounded, all others as text; NaN where missing.

    Raises:
        DataError: a field of a `float` column is no number.
    """
    kinds = {
        place: "float64" if column.kind == "float" else "str" for place, column in columns.items()
    }
    try:
        frame = _parse(block.text, separator, kinds)
    except ValueError as error:
        raise _no_number(block, separator, columns, path, convert or {}) from error
    frame.columns = pd.Index([column.name for column in columns.values()])
    return frame


def _parse(text: bytes, separator: str, kinds: Mapping[int, str]) -> pd.DataFrame:
    missing = {place: _NO_NUMBER if kind == "float64" else [""] for place, kind in kinds.items()}
    options: dict[str, Any] = {
        "header": None,
        "index_col": False,
        "usecols": list(kinds),
        "dtype": dict(kinds),
        "na_values": missing,
        "keep_default_na": False,
        "quoting": csv.QUOTE_NONE,
        "lineterminator": "\n",
        "skip_blank_lines": False,
        "float_precision": "round_trip",
        "engine": "c",
        "low_memory": False,
    }
    frame: pd.DataFrame = pd.read_csv(BytesIO(text), sep=separator, encoding="utf-8", **options)
    return frame


def _no_number(
    block: RowBlock,
    separator: str,
    columns: Mapping[int, Column],
    path: Path,
    convert: Mapping[str, str],
) -> DataError:
    """Find the first field that the parser cannot read, by halving."""
    kinds = {place: "float64" for place, column in columns.items() if column.kind == "float"}
    lines = block.text.split(b"\n")[:-1]
    low, high = 0, len(lines)  # the first unreadable line lies in [low, high)
    while high - low > 1:
        middle = (low + high) // 2
        if _is_readable(lines[low:middle], separator, kinds):
            low = middle
        else:
            high = middle
    fields = lines[low].decode().split(separator)
    for place in kinds:
        name = columns[place].name
        if not _is_readable([lines[low]], separator, {place: "float64"}):
            fix = f"write the column as {name}:token"
            if name in convert:
                fix = f"convert the file with `{convert[name]}`"
            return DataError(
                f"{path}, line {block.lines[low]}: {name} is {fields[place][:40]!r}, which is no "
                f"number; correct it, or {fix}."
            )
    return DataError(f"{path}, line {block.lines[low]} cannot be read; correct it.")


def _is_readable(lines: list[bytes], separator: str, kinds: Mapping[int, str]) -> bool:
    try:
        _parse(b"".join(line + b"\n" for line in lines), separator, kinds)
    except ValueError:
        return False
    return True

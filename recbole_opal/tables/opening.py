"""What kind of table a file or an object is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from recbole_opal.errors import DataError
from recbole_opal.tables.header_advice import is_json
from recbole_opal.tables.packed_text import opened_text
from recbole_opal.tables.table import Table
from recbole_opal.tables.text_rows import TextFormat
from recbole_opal.tables.text_table import TextTable
from recbole_opal.tables.typed_tables import FrameTable, JsonTable, ParquetTable

__all__ = ["open_table", "require_file"]

_PARQUET = (".parquet", ".pq")
_DEFAULT = TextFormat()


def open_table(source: Path | Any, form: TextFormat = _DEFAULT) -> Table:
    """Return a table: of a path by its name and beginning, else of a data frame.

    Raises:
        DataError: the file is missing or no table.
    """
    if not isinstance(source, Path):
        return FrameTable(source)
    require_file(source)
    if source.suffix.lower() in _PARQUET:
        return ParquetTable(source)
    if form.names is None and is_json(_first_line(source, form.encoding)):
        return JsonTable(source)
    return TextTable(source, form)


def require_file(path: Path) -> None:
    """Check that a table lies at a path, where it can be read more than once.

    Raises:
        DataError: nothing is there, a folder, or a pipe.
    """
    if path.is_dir():
        raise DataError(f"{path} is a folder; name the file in it that holds the table.")
    if not path.exists():
        raise DataError(f"there is no file {path}; check the path.")
    if not path.is_file():
        raise DataError(f"{path} is a pipe or a device; save it to a file first, and name that.")


def _first_line(path: Path, encoding: str) -> str:
    with opened_text(path, encoding) as text:
        for line in text:
            if line.strip():
                return line[:1000]
    return ""

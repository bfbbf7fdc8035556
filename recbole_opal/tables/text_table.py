"""Text with separators as DuckDB reads it; a file that it would misread is written once more."""

from __future__ import annotations

import csv
from itertools import islice
from pathlib import Path

from recbole_opal.errors import DataError
from recbole_opal.sql import Engine, text_source
from recbole_opal.tables.packed_text import packing
from recbole_opal.tables.table import Table
from recbole_opal.tables.text_rows import TextFormat, is_plain, read_header, rows

__all__ = ["TextTable"]


class TextTable(Table):
    """Text with separators."""

    def __init__(self, path: Path, form: TextFormat) -> None:
        self.path = self._path = path
        self.origin, self._form = str(path), form
        self._header = read_header(path, form)
        self.names = self._header.names
        self._rewritten: Path | None = None
        self._checked = False

    def query(self, engine: Engine) -> str:
        """See `Table`; the first time it looks whether DuckDB reads the file letter by letter."""
        if not self._checked:
            self._checked = True
            if not is_plain(self._path, self._form, self._header):
                self._rewrite(engine)
        width, header = len(self.names), self._header
        if self._rewritten is not None:
            source = text_source(self._rewritten, width, ",", quote='"', new_line=r"\n")
        else:
            source = text_source(
                self._path,
                width,
                header.separator,
                quote='"' if header.quoted else "",
                skip=header.first_line - 1,
                packed=packing(self._path),
            )
        # Lines without any content are no rows.
        filled = " OR ".join(f"c{place} <> ''" for place in range(width))
        return f"(FROM {source} WHERE {filled})"

    def place(self, row: int) -> str:
        """See `Table`; it is a line of the file."""
        found = rows(self._path, self._form, self._header)
        line = next(islice((number for number, _ in found), row, None), 0)
        return f"{self.origin}, line {line}"

    def refuse(self, engine: Engine, error: Exception) -> None:
        """See `Table`; the rows are read one by one, which tells what is wrong."""
        if self._rewritten is not None:
            super().refuse(engine, error)
        self._rewrite(engine)  # or there are only odd line ends

    def _rewrite(self, engine: Engine) -> None:
        """Write all rows once more, as DuckDB reads them letter by letter."""
        self._rewritten = engine.folder / f"{id(self)}.csv"
        with self._rewritten.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, quoting=csv.QUOTE_ALL, lineterminator="\n")
            try:
                writer.writerows(fields for _, fields in rows(self._path, self._form, self._header))
            except UnicodeEncodeError as error:
                raise DataError(
                    f"{self.origin}: {error.object[error.start]!r} is no character; save the file "
                    "as UTF-8."
                ) from error

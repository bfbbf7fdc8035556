"""Tables of any kind as queries of text columns: text with separators, json, parquet, frames."""

from __future__ import annotations

import csv
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from recbole_opal.conversion.header_advice import column_hint, is_json
from recbole_opal.conversion.text_file import (
    TextFormat,
    is_plain,
    is_zipped,
    opened_text,
    read_header,
    rows,
)
from recbole_opal.errors import DataError
from recbole_opal.sql import Engine, identifier, literal, opened_engine, shown_error

__all__ = ["Table", "open_table", "require_file"]

_PARQUET = (".parquet", ".pq")
_DEFAULT = TextFormat()
_NO_NULL = ("\x1a\x1b\x1a", "\x02\x03\x02")  # so that an empty cell is an empty text
_BUFFER = 4_000_000  # bytes, of each thread
_LISTS = "holds lists with a comma in an element, which would become two"


class Table(ABC):
    """A table whose cells are text, empty where they are missing.

    Attributes:
        origin: where it stands, for the user.
        path: of its file, None: it has none.
        names: of its columns.
    """

    origin: str
    path: Path | None = None
    names: Sequence[str]

    @abstractmethod
    def query(self, engine: Engine) -> str:
        """Return SQL that stands behind FROM and gives the columns `c0`, `c1`, ... as text."""

    def place(self, row: int) -> str:
        """Return where a row stands, counted from 0."""
        return f"{self.origin}, row {row + 1}"

    def refuse(self, engine: Engine, error: Exception) -> None:
        """Word an error of reading; return only where reading again will do."""
        raise DataError(
            f"{self.origin} cannot be read ({shown_error(error)}); correct the file."
        ) from error

    def cell(self, name: str, wanted: Sequence[str] = ()) -> str:
        """Return the column of `query` that holds a column.

        Args:
            name: of the column.
            wanted: all columns that are asked for, for the advice.

        Raises:
            DataError: it is not there, or twice.
        """
        names = list(self.names)
        if name not in names:
            hint = column_hint(name, names, wanted or [name])
            raise DataError(f"{self.origin} has no column {name}{hint}")
        if names.count(name) > 1:
            raise DataError(
                f"{self.origin} has two columns {name}; rename one of them in its header."
            )
        return f"c{names.index(name)}"

    def stage(
        self,
        engine: Engine,
        into: str,
        select: Mapping[str, str],
        rest: str = "",
        advance: Callable[[float], None] | None = None,
    ) -> None:
        """Append rows to a table of the engine, which is made if it is not there.

        Args:
            engine: that holds the table.
            into: its name.
            select: name -> SQL over the cells.
            rest: SQL behind the table, as a join.
            advance: told the share that is done.

        Raises:
            DataError: the file is malformed.
        """
        import duckdb

        found = engine.rows(f"SELECT 1 FROM duckdb_tables() WHERE table_name = '{into}'")
        start = f"INSERT INTO {into}" if found else f"CREATE TABLE {into} AS"
        made = ", ".join(f"{sql} AS {identifier(name)}" for name, sql in select.items())
        while True:
            try:
                sql = f"{start} SELECT {made} FROM {self.query(engine)} AS t {rest}"
                return engine.run(sql, advance)
            except (duckdb.OutOfMemoryException, duckdb.BinderException):
                raise
            except duckdb.Error as error:
                if _LISTS in str(error):
                    raise DataError(shown_error(error)) from error
                self.refuse(engine, error)

    def lists(self) -> Sequence[str]:
        """Return the columns whose cells are lists."""
        return ()

    def size(self) -> int:
        """Return the bytes of the file."""
        return self.path.stat().st_size if self.path is not None else 0


def open_table(source: Path | Any, form: TextFormat = _DEFAULT) -> Table:
    """Return a table: of a path by its name and beginning, else of a data frame.

    Raises:
        DataError: the file is missing or no table.
    """
    if not isinstance(source, Path):
        return _Frame(source)
    require_file(source)
    if source.suffix.lower() in _PARQUET:
        return _Parquet(source)
    if form.names is None and is_json(_first_line(source, form.encoding)):
        return _Json(source)
    return _Text(source, form)


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


class _Text(Table):
    """Text with separators."""

    def __init__(self, path: Path, form: TextFormat) -> None:
        self.path, self.origin, self._form = path, str(path), form
        self._header = read_header(path, form)
        self.names = self._header.names
        self._rewritten: Path | None = None
        self._checked = False

    def query(self, engine: Engine) -> str:
        if not self._checked:
            self._checked = True
            if not is_plain(self._source, self._form, self._header):
                self._rewrite(engine)
        cells = [f"c{place}" for place in range(len(self.names))]
        columns = ", ".join(f"{cell}: 'VARCHAR'" for cell in cells)
        rewritten = self._rewritten is not None
        quote = '"' if rewritten or self._header.quoted else ""
        zipped = not rewritten and is_zipped(self._source)
        separator = "," if rewritten else self._header.separator
        options = {
            "skip": str(0 if rewritten else self._header.first_line - 1),
            "delim": literal(separator),
            "quote": literal(quote),
            "escape": literal(quote),
            "nullstr": literal(_NO_NULL[bool(set(separator) & set(_NO_NULL[0]))]),
            "compression": "'gzip'" if zipped else "'none'",
            "columns": f"{{{columns}}}",
        } | ({"new_line": r"'\n'"} if rewritten else {})
        listed = ", ".join(f"{name} = {value}" for name, value in options.items())
        read = (
            f"read_csv({literal(str(self._rewritten or self._source))}, header = false, "
            f"auto_detect = false, strict_mode = true, buffer_size = {_BUFFER}, {listed})"
        )
        # Lines without any content are no rows.
        filled = " OR ".join(f"{cell} <> ''" for cell in cells)
        return f"(FROM {read} WHERE {filled})"

    def place(self, row: int) -> str:
        found = rows(self._source, self._form, self._header)
        line = next(islice((number for number, _ in found), row, None), 0)
        return f"{self.origin}, line {line}"

    def refuse(self, engine: Engine, error: Exception) -> None:
        if self._rewritten is not None:
            super().refuse(engine, error)
        self._rewrite(engine)  # it tells what is wrong, or there are only odd line ends

    @property
    def _source(self) -> Path:
        return Path(self.origin)

    def _rewrite(self, engine: Engine) -> None:
        """Write all rows once more, as DuckDB reads them letter by letter."""
        self._rewritten = engine.folder / f"{id(self)}.csv"
        with self._rewritten.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, quoting=csv.QUOTE_ALL, lineterminator="\n")
            try:
                writer.writerows(
                    fields for _, fields in rows(self._source, self._form, self._header)
                )
            except UnicodeEncodeError as error:
                raise DataError(
                    f"{self.origin}: {error.object[error.start]!r} is no character; save the file "
                    "as UTF-8."
                ) from error


class _Typed(Table):
    """A table whose columns have types of their own.

    Numbers become `7` and `1.5`, dates with times ISO 8601, truth values `true` and `false`, lists
    their elements divided by commas.
    """

    def __init__(self, read: str) -> None:
        self._read = read
        self._described: list[tuple[str, str]] = []

    def _describe(self, engine: Engine) -> None:
        """Learn names and types."""
        found = engine.rows(f"DESCRIBE SELECT * FROM {self._read}")
        self._described = [(row[0], row[1]) for row in found]
        self.names = [name for name, _ in self._described]

    def lists(self) -> Sequence[str]:
        return [name for name, kind in self._described if kind.endswith("]")]

    def query(self, engine: Engine) -> str:
        cells = ", ".join(
            f"coalesce({_text(identifier(name), kind, f'{self.origin}: {name}')}, '') AS c{place}"
            for place, (name, kind) in enumerate(self._described)
        )
        return f"(SELECT {cells} FROM {self._read})"

    def cell(self, name: str, wanted: Sequence[str] = ()) -> str:
        cell = super().cell(name, wanted)
        kind = dict(self._described)[name]
        if kind.startswith(("STRUCT", "MAP", "UNION")) and not kind.endswith("]"):
            raise DataError(
                f"{self.origin}: {name} cannot be read as text, since it holds records; write each "
                "of their parts as a column of its own."
            )
        return cell


class _Parquet(_Typed):
    def __init__(self, path: Path) -> None:
        import duckdb

        self.path, self.origin = path, str(path)
        super().__init__(f"read_parquet({literal(str(path))})")
        with opened_engine() as engine:
            try:
                self._describe(engine)
                schema = f"parquet_schema({literal(str(path))})"
                twice = f"SELECT name FROM {schema} GROUP BY name HAVING count(*) > 1"
                doubled = {name for (name,) in engine.rows(twice)}
            except duckdb.Error as error:
                raise DataError(
                    f"{path} is no parquet file ({shown_error(error)}); check the file."
                ) from error
        # DuckDB calls the second of two columns `a` `a_1`.
        self.names = [
            name[:-2] if name[:-2] in doubled and name.endswith("_1") else name
            for name in self.names
        ]


class _Json(_Typed):
    def __init__(self, path: Path) -> None:
        import duckdb

        self.path, self.origin = path, str(path)
        zipped = "gzip" if is_zipped(path) else "none"
        form = f"{literal(str(path))}, compression = '{zipped}'"
        super().__init__(f"read_json({form}, sample_size = -1, records = true)")
        with opened_engine() as engine:
            try:
                self._describe(engine)
            except duckdb.Error as error:
                self.refuse(engine, error)
        # Values as they are written: a long number keeps all of its digits.
        kinds = {
            name: kind if kind.endswith("]") or kind.startswith("STRUCT") else "VARCHAR"
            for name, kind in self._described
        }
        self._described = list(kinds.items())
        columns = ", ".join(f"{literal(name)}: {literal(kind)}" for name, kind in kinds.items())
        self._read = f"read_json({form}, records = true, columns = {{{columns}}})"


class _Frame(_Typed):
    """A data frame of pandas, polars or Arrow."""

    def __init__(self, frame: Any) -> None:
        import duckdb

        self.origin, self._frame = "the frame", _with_texts(frame)
        super().__init__("given")
        with opened_engine() as engine:
            try:
                engine.register("given", self._frame)
                self._describe(engine)
            except duckdb.Error as error:
                self.refuse(engine, error)
        self._read = f"frame_{id(self)}"

    def query(self, engine: Engine) -> str:
        engine.register(self._read, self._frame)
        return super().query(engine)


def _with_texts(frame: Any) -> Any:
    """Return a frame with text for objects, whose type DuckDB guesses from the first ones."""
    dtypes: Any = getattr(frame, "dtypes", None)
    if not hasattr(dtypes, "items"):  # no frame of pandas
        return frame
    objects = [name for name, kind in dtypes.items() if str(kind) == "object"]
    whole = frame.reset_index(drop=True)
    for name in objects:
        if not whole[name].map(lambda one: isinstance(one, (list, tuple))).any():
            whole[name] = whole[name].astype("string")
    return whole


def _text(column: str, kind: str, name: str) -> str:
    """Return SQL for a column as text."""
    if kind.endswith("]"):
        message = (
            f"{name} {_LISTS}; write each list as one text with another sign between, and name it "
            "by --list_separator."
        )
        parts = f"list_transform({column}, lambda one: CAST(one AS VARCHAR))"
        joined = f"array_to_string({parts}, ',')"
        divided = f"list_bool_or(list_transform({parts}, lambda one: contains(one, ',')))"
        return f"CASE WHEN {divided} THEN error({literal(message)}) ELSE {joined} END"
    if kind in ("DOUBLE", "FLOAT"):
        return f"plain(CAST({column} AS DOUBLE))" if kind == "DOUBLE" else f"plain({column})"
    if kind == "TIMESTAMP WITH TIME ZONE":
        return f"strftime({column}, '%Y-%m-%d %H:%M:%S.%fZ')"
    return f"CAST({column} AS VARCHAR)"


def _first_line(path: Path, encoding: str) -> str:
    with opened_text(path, encoding) as text:
        for line in text:
            if line.strip():
                return line[:1000]
    return ""

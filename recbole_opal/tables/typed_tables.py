"""Tables whose columns have types of their own: parquet, records of json, data frames."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from recbole_opal.errors import DataError
from recbole_opal.process.program import installation
from recbole_opal.sql import Engine, identifier, literal, opened_engine, shown_error
from recbole_opal.tables.packed_text import packing
from recbole_opal.tables.table import DIVIDED_LISTS, Table

__all__ = ["FrameTable", "JsonTable", "ParquetTable"]


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
        _, kind = self._described[list(self.names).index(name)]
        if kind.startswith(("STRUCT", "MAP", "UNION")) and not kind.endswith("]"):
            raise DataError(
                f"{self.origin}: {name} cannot be read as text, since it holds records; write each "
                "of their parts as a column of its own."
            )
        return cell


class ParquetTable(_Typed):
    """A parquet file."""

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


class JsonTable(_Typed):
    """Records of json, one a line or in a list."""

    def __init__(self, path: Path) -> None:
        import duckdb

        self.path, self.origin = path, str(path)
        packed = packing(path)
        packed = "uncompressed" if packed == "none" else packed  # DuckDB 1.5 knows no other word
        form = f"{literal(str(path))}, compression = {literal(packed)}"
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


class FrameTable(_Typed):
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
                if "ModuleNotFoundError" in str(error):
                    raise DataError(
                        "a frame of this kind is read by way of pyarrow; install it with "
                        f"{installation('parquet')}, or give a frame of pandas."
                    ) from error
                self.refuse(engine, error)
        self._read = f"frame_{id(self)}"

    def query(self, engine: Engine) -> str:
        """See `Table`."""
        engine.register(self._read, self._frame)
        return super().query(engine)


def _with_texts(frame: Any) -> Any:
    """Return a frame with text for objects, whose type DuckDB guesses from the first ones."""
    if not hasattr(frame, "iloc"):  # no frame of pandas
        return frame
    objects = [name for name, kind in frame.dtypes.items() if str(kind) == "object"]
    whole = frame.reset_index(drop=True)
    for name in objects:
        if not whole[name].map(lambda one: isinstance(one, (list, tuple))).any():
            whole[name] = whole[name].astype("string")
    return whole


def _text(column: str, kind: str, name: str) -> str:
    """Return SQL for a column as text."""
    if kind.endswith("]"):
        message = (
            f"{name} {DIVIDED_LISTS}; write each list as one text with another sign between, and "
            "name it by --list_separator."
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

"""A table of any kind as a query of text columns."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from recbole_opal.errors import DataError
from recbole_opal.sql import Engine, identifier, shown_error
from recbole_opal.tables.header_advice import column_hint

__all__ = ["DIVIDED_LISTS", "Table"]

DIVIDED_LISTS = "holds lists with a comma in an element, which would become two"


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
                if DIVIDED_LISTS in str(error):
                    raise DataError(shown_error(error)) from error
                self.refuse(engine, error)

    def lists(self) -> Sequence[str]:
        """Return the columns whose cells are lists."""
        return ()

    def size(self) -> int:
        """Return the bytes of the file."""
        return self.path.stat().st_size if self.path is not None else 0

"""Atomic files as DuckDB reads them; what it finds odd is worded by the reader of training."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from recbole_opal.data.atomic_files import Column, Roles, TableFormat, read_blocks
from recbole_opal.data.atomic_files.text_lines import line_blocks
from recbole_opal.errors import DataError
from recbole_opal.sql import Engine, shown_error, text_source

__all__ = ["AtomicForm", "refuse_by_reader", "stage"]

_UTF_8 = ("utf-8", "utf8", "utf-8-sig", "ascii")


@dataclass(frozen=True)
class AtomicForm:
    """How the atomic files of a data set are written.

    Attributes:
        fields: names of the fields of users, items and times.
        encoding: of the files.
        separator: between two columns, one character.
        time_unit: of the times, one of `TIME_UNITS`; None: judged from them.
    """

    fields: tuple[str, str, str] = ("user_id", "item_id", "timestamp")
    encoding: str = "utf-8"
    separator: str = "\t"
    time_unit: str | None = None

    @property
    def table(self) -> TableFormat:
        """The same for the reader of training."""
        return TableFormat(self.separator, encoding=self.encoding)


def stage(
    engine: Engine,
    into: str,
    path: Path,
    form: AtomicForm,
    columns: Sequence[Column],
    select: Mapping[str, str],
    roles: Roles,
    advance: Callable[[float], None] | None = None,
) -> None:
    """Make a table of the engine from an atomic file.

    Args:
        engine: that holds the table.
        into: its name.
        path: of the file.
        form: how it is written.
        columns: all that it has; in SQL they are `c0`, `c1`, ..., texts, empty where missing.
        select: of each column of the table its name and SQL.
        roles: what columns are for, so that errors can be worded.
        advance: told the share that is done.

    Raises:
        DataError: the file is malformed.
    """
    import duckdb

    copy = engine.folder / f"{into}.txt"
    text = _checked(path, form.encoding, None if form.encoding.lower() in _UTF_8 else copy)
    made = ", ".join(f"{sql} AS {name}" for name, sql in select.items())
    while True:
        source = text_source(text, len(columns), form.separator, skip=1)
        try:
            return engine.run(f"CREATE TABLE {into} AS SELECT {made} FROM {source}", advance)
        except duckdb.InvalidInputException as error:
            refuse_by_reader(path, form, roles, rows=not roles.times)
            if text == copy:
                raise DataError(f"{path} cannot be read ({shown_error(error)}).") from error
            text = _checked(path, form.encoding, copy)  # there were only odd line ends


def refuse_by_reader(path: Path, form: AtomicForm, roles: Roles, *, rows: bool = True) -> None:
    """Read a file as training does, which raises the error of the first row that it refuses.

    Args:
        path: of the file.
        form: how it is written.
        roles: what columns are for; where there are times, the other columns are not looked at.
        rows: whether a row without a proper id or time is refused, or only what is no row at all.

    Raises:
        DataError: there is one.
    """
    own = {*roles.ids, *roles.times}

    def choose(columns: Sequence[Column]) -> Sequence[Column]:
        return [one for one in columns if one.name in own] if roles.times else columns

    leave_out = None if rows else lambda column, fault, lost: None
    for _ in read_blocks(path, form.table, roles=roles, choose=choose, leave_out=leave_out):
        pass


def _checked(path: Path, encoding: str, copy: Path | None) -> Path:
    """Refuse what no line may hold, and return the file, or a copy in UTF-8 with plain ends."""
    blocks = (block for block, _ in line_blocks(path, encoding))
    if copy is None:
        for _ in blocks:
            pass
        return path
    with copy.open("wb") as file:
        file.writelines(blocks)
    return copy

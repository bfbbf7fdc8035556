"""Any tables with a column of users, one of items and one of times."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from recbole_opal.conversion.label import Condition, comparisons, in_sql, short
from recbole_opal.conversion.log import Filter, Items, Part, Source, raw
from recbole_opal.conversion.source import Column
from recbole_opal.conversion.tables import Table, open_table
from recbole_opal.conversion.text_file import TextFormat
from recbole_opal.conversion.times import Clock
from recbole_opal.conversion.where import parse_where
from recbole_opal.errors import DataError
from recbole_opal.suggest import did_you_mean

__all__ = ["GenericTable"]

_BY_ORDER = (
    "times: the numbers of the rows, which stand in the order of their times; only the order counts"
)


@dataclass(frozen=True)
class GenericTable:
    """Where a log stands, and which of its columns are what.

    Attributes:
        files: tables with the same columns, paths or data frames; read one behind the other.
        user, item: names of columns.
        time: name of a column, None: the order of the rows.
        label: what must hold of a row.
        label_text: the same as it was typed.
        where: another condition, in SQL.
        time_unit: None: recognised.
        time_format: of written dates, with the signs of `strptime`.
        keep: further columns.
        form: how text files are written.
        list_separator: between the elements of a cell of a `_seq` column.
        valid, test: files of a log that comes in parts, its validation and its test, or None.
        item_file: the table of the items, a path or a data frame, or None.
        item_fields: its columns.
        item_column: the column of its ids.
    """

    files: tuple[Any, ...]
    user: str
    item: str
    time: str | None
    label: Condition = ()
    label_text: str = ""
    where: str | None = None
    time_unit: str | None = None
    time_format: str | None = None
    keep: tuple[Column, ...] = ()
    form: TextFormat = field(default_factory=TextFormat)
    list_separator: str = ","
    valid: Path | None = None
    test: Path | None = None
    item_file: Any = None
    item_fields: tuple[Column, ...] = ()
    item_column: str = ""

    def source(self) -> Source:
        """Return the log; nothing but the headers is read yet.

        Raises:
            DataError: a table is missing, or lacks a column.
            SettingsError: the unit of the times is not known, or `where` is no condition.
        """
        items = None if self.item_file is None else self._items()
        clock = None
        if self.time is not None:
            clock = Clock(self.time, self.time_unit, form=self.time_format)
        last = [] if self.valid is None else [self.valid, self.test]
        tables = [open_table(file, self.form) for file in (*self.files, *last)]
        where = None if self.where is None else parse_where(self.where, tables[0].names)
        named = [one.column for one in comparisons(self.label)]
        named += [column.name for column in self.keep]
        named += where.columns if where else ()
        return Source(
            tuple(self._part(table, list(dict.fromkeys(named))) for table in tables),
            clock,
            self._filters(),
            where,
            self.keep,
            self.list_separator,
            items,
            None if not last else (*[0] * len(self.files), 1, 2),
            no_time=f"no time in {self.time}",
            time_unit="order" if self.time is None else _unit(self.time_unit, self.time_format),
            notes=(_BY_ORDER,) if self.time is None else (),
        )

    def _part(self, table: Table, further: Sequence[str]) -> Part:
        roles = [self.user, self.item, *([] if self.time is None else [self.time])]
        wanted = list(dict.fromkeys([*roles, *further]))
        cells = {name: table.cell(name, wanted) for name in wanted}
        _refuse_lists(table, (self.user, self.item))
        return Part(
            table,
            cells[self.item],
            cells[self.user],
            "''" if self.time is None else cells[self.time],
            {name: cells[name] for name in further},
            header=cells,
        )

    def _filters(self) -> tuple[Filter, ...]:
        if not self.label:
            return ()
        numeric = (one.column for one in comparisons(self.label) if isinstance(one.value, float))
        unknown = f"no number in {' or '.join(dict.fromkeys(numeric))}"
        return (Filter(in_sql(self.label, raw), f"not {short(self.label_text)}", unknown),)

    def _items(self) -> Items:
        table = open_table(self.item_file, self.form)
        names = list(table.names)
        for name in (self.item_column, *(one.name for one in self.item_fields)):
            if name not in names:
                flag = "item_key" if name == self.item_column else "fields"
                hint = did_you_mean(name, names) or f"; choose from {', '.join(names[:20])}."
                raise DataError(f"--{flag}: {table.origin} has no column {name}{hint}")
        _refuse_lists(table, (self.item_column,))
        further = {one.name: table.cell(one.name) for one in self.item_fields}
        part = Part(table, table.cell(self.item_column), further=further)
        return Items((part,), self.item_fields, self.list_separator)


def _unit(time_unit: str | None, time_format: str | None) -> Any:
    """Return the unit that runs must be told, since the numbers alone may tell another one."""
    if time_unit == "number":
        return "number"
    return None if time_format is None else "seconds"


def _refuse_lists(table: Table, ids: Sequence[str]) -> None:
    for name in ids:
        if name in table.lists():
            raise DataError(
                f"{table.origin}: {name} holds lists, and an id is one value; write a row for each "
                "of its elements."
            )

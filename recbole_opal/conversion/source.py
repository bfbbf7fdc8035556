"""What is to be converted: a log and the tables of its items; and what has become of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from recbole_opal.conversion.columns import Column
from recbole_opal.conversion.times import Clock
from recbole_opal.conversion.where import Where
from recbole_opal.tables import Table

__all__ = ["Filter", "Items", "Part", "Source", "Tally"]


@dataclass(frozen=True)
class Part:
    """A table of a log or of items, and what its cells (`c0`, `c1`, ... in SQL) are.

    Attributes:
        table: where they stand.
        item: the item's id.
        user, time: those of an interaction; the time as text.
        further: what else is needed, by its name, as text.
        rest: SQL behind the table, as a condition.
        join: another table, the cell of its that equals the item's cell, and its cells by name.
        header: the names of its columns, where a row that holds them is no row.
    """

    table: Table
    item: str
    user: str = "''"
    time: str = "''"
    further: Mapping[str, str] = field(default_factory=dict)
    rest: str = ""
    join: tuple[Table, str, Mapping[str, str]] | None = None
    header: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Filter:
    """Which rows are kept.

    Attributes:
        condition: in SQL, over the number or the text of further columns by `raw`; NULL: unknown.
        otherwise: why a row is left out.
        unknown: the same where that cannot be told.
        numbers: columns that must hold numbers, or the file is wrong.
    """

    condition: str
    otherwise: str
    unknown: str
    numbers: tuple[str, ...] = ()


@dataclass(frozen=True)
class Items:
    """The tables of the items, and the fields to take of them.

    Attributes:
        parts: each has all fields.
        columns: the fields.
        list_separator: between the elements of a cell of a `_seq` field.
        from_log: whether they are tables of the log itself, with many rows an item.
        notes: what the user must be told.
    """

    parts: tuple[Part, ...]
    columns: tuple[Column, ...]
    list_separator: str = ","
    from_log: bool = False
    notes: tuple[str, ...] = ()

    def bytes_total(self) -> int:
        """Return the size of the files; those of the log are read once more."""
        return sum(part.table.size() for part in self.parts)

    @property
    def origin(self) -> str:
        """Where the first of them stands, for the user."""
        return self.origin_of(0)

    def origin_of(self, part: int) -> str:
        """Return where one of them stands."""
        return "the table of the items" if self.from_log else self.parts[part].table.origin


@dataclass(frozen=True)
class Source:
    """A log that is to be converted.

    Attributes:
        parts: read one behind the other.
        clock: reads the times; None: the numbers of the rows are the times.
        filters: which rows count; each row is left out by the first that refuses it.
        where: a condition of the user's in SQL.
        keep: further columns of the interactions.
        list_separator: between the elements of a cell of a `_seq` column.
        items: of the table of the items, or None.
        split: of each part, whether it is training (0), validation (1) or test (2); None: none is.
        no_time: why a row without a time is left out.
        time_unit: what every run must take the times for, where it is not to judge them itself:
            `order` alone, `number` as they are, or `seconds` of whatever years.
        notes: what the user must be told beforehand.
    """

    parts: tuple[Part, ...]
    clock: Clock | None = None
    filters: tuple[Filter, ...] = ()
    where: Where | None = None
    keep: tuple[Column, ...] = ()
    list_separator: str = ","
    items: Items | None = None
    split: tuple[int, ...] | None = None
    no_time: str = "no finite time"
    time_unit: Literal["order", "number", "seconds"] | None = None
    notes: tuple[str, ...] = ()

    def bytes_total(self) -> int:
        """Return the size of all files."""
        own = sum(part.table.size() for part in self.parts)
        return own + (self.items.bytes_total() if self.items else 0)


@dataclass
class Tally:
    """What was read and left out so far.

    Attributes:
        rows: data rows read from the files, without their headers.
        dropped: reason -> rows left out for it; a row counts once, for its first reason.
        notes: what the user must be told, one line each: the time unit that was recognised.
    """

    rows: int = 0
    dropped: Counter[str] = field(default_factory=Counter)
    notes: list[str] = field(default_factory=list)

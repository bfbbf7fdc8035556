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
    """A table of a log or of items, and what its cells (`c0`, `c1`, ... in SQL) are."""

    table: Table
    item: str
    user: str = "''"
    time: str = "''"  # as text
    further: Mapping[str, str] = field(default_factory=dict)  # by their names, as text
    rest: str = ""  # SQL behind the table, as a condition
    # Another table, the cell of its that equals the item's cell, and its cells by name.
    join: tuple[Table, str, Mapping[str, str]] | None = None
    # The names of its columns, where a row that holds them is no row.
    header: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Filter:
    """Which rows are kept."""

    condition: str  # SQL, over the number or the text of further columns by `raw`; NULL: unknown
    otherwise: str  # why a row is left out
    unknown: str  # the same where that cannot be told
    numbers: tuple[str, ...] = ()  # columns that must hold numbers, or the file is wrong
    columns: tuple[str, ...] = ()  # that it looks at


@dataclass(frozen=True)
class Items:
    """The tables of the items, and the fields to take of them."""

    parts: tuple[Part, ...]  # one behind the other
    columns: tuple[Column, ...]  # empty where a part does not have one
    list_separator: str = ","  # between the elements of a cell of a `_seq` field
    from_log: bool = False  # whether they are tables of the log itself, with many rows an item
    notes: tuple[str, ...] = ()  # for the user

    def origin(self, part: int = 0) -> str:
        """Return where one of them stands, for the user."""
        return "the table of the items" if self.from_log else self.parts[part].table.origin


@dataclass(frozen=True)
class Source:
    """A log that is to be converted."""

    parts: tuple[Part, ...]  # read one behind the other
    clock: Clock | None = None  # reads the times; None: the numbers of the rows are the times
    filters: tuple[Filter, ...] = ()  # each row is left out by the first that refuses it
    where: Where | None = None  # a condition of the user's in SQL
    keep: tuple[Column, ...] = ()  # further columns of the interactions
    list_separator: str = ","  # between the elements of a cell of a `_seq` column
    items: Items | None = None
    # Of each part, whether it is training (0), validation (1) or test (2); None: none is.
    split: tuple[int, ...] | None = None
    no_time: str = "no finite time"  # why a row without a time is left out
    # What every run must take the times for, where it is not to judge them itself: an order alone,
    # numbers as they are, or seconds of whatever years.
    time_unit: Literal["order", "number", "seconds"] | None = None
    notes: tuple[str, ...] = ()  # for the user, beforehand


@dataclass
class Tally:
    """What was read and left out so far."""

    rows: int = 0  # read from the files, without their headers
    dropped: Counter[str] = field(default_factory=Counter)  # by the first reason of each row
    notes: list[str] = field(default_factory=list)  # for the user: the unit that was recognised

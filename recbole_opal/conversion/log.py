"""A log in the engine: its rows as they were read, and for each why it is left out, if it is."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from recbole_opal.conversion.cells import (
    MISSING_IDS,
    Cell,
    Check,
    clean_id,
    first_rows,
    must_be_number,
    refuse_first,
    typed,
    writable,
)
from recbole_opal.conversion.label import short
from recbole_opal.conversion.source import Column, Tally
from recbole_opal.conversion.tables import Table
from recbole_opal.conversion.times import Clock
from recbole_opal.conversion.where import Where
from recbole_opal.sql import Engine, identifier, literal

__all__ = [
    "Filter",
    "Items",
    "Part",
    "Source",
    "changed_ids",
    "clean",
    "raw",
    "stage_log",
    "stage_parts",
]


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


def raw(name: str) -> str:
    """Return the column of the engine's table that holds the text of a further column."""
    return identifier(f"={name}")


def clean(name: str) -> str:
    """Return the column of the engine's views that holds it without white space around it."""
    return identifier(f"~{name}")


def stage_parts(
    engine: Engine,
    into: str,
    parts: Sequence[Part],
    columns: Sequence[str],
    advance: Callable[[float], None] | None = None,
) -> Callable[[int], str]:
    """Read tables into one of the engine; return what tells where a row of it stands.

    The columns are `u`, `i` and `t`, `changed` (how many of the ids are not as they were written),
    `header` (whether the row is one) and `raw` of each further column.

    Raises:
        DataError: a file is malformed.
    """
    starts = []
    for number, part in enumerate(parts):
        starts.append(engine.row(f"SELECT count(*) FROM {into}")[0] if number else 0)
        ids = {"u": part.user, "i": part.item}
        changed = [
            f"CAST({id_} <> {name} AND {name} <> '' AS INTEGER)" for name, id_ in ids.items()
        ]
        heads = [f"{cell} = {literal(name)}" for name, cell in part.header.items()]
        select = {name: clean_id(id_) for name, id_ in ids.items()} | {
            "t": part.time,
            "changed": " + ".join(changed),
            "header": " AND ".join(heads) or "false",
            "part": str(number),
        }
        select |= {f"={name}": part.further.get(name, "''") for name in columns}
        rest = part.rest
        if part.join is not None:
            table, key, cells = part.join
            made = ", ".join(f"first({cell}) AS {identifier(name)}" for name, cell in cells.items())
            other = f"(SELECT {key} AS joined, {made} FROM {table.query(engine)} GROUP BY {key})"
            rest = f"LEFT JOIN {other} AS o ON {part.item} = o.joined {rest}"
        part.table.stage(engine, into, select, rest, advance)

    def place(row: int) -> str:
        found = bisect_right(starts, row) - 1
        return parts[found].table.place(row - starts[found])

    return place


def stage_log(
    engine: Engine, source: Source, tally: Tally, advance: Callable[[float], None] | None = None
) -> None:
    """Read a log into the engine, learn the form of its times, and count what is left out.

    What is kept is a table `kept` of the engine: `nr`, the number of the row from 0, `u`, `i`,
    `seconds` and the fields of the source by their headers, as text. Two more tables, `users` and
    `known`, hold the distinct ids `u` and `i`.

    Raises:
        DataError: a file, a cell or a time is malformed.
    """
    names = list(dict.fromkeys(name for part in source.parts for name in part.further))
    place = stage_parts(engine, "log", source.parts, names, advance)
    (tally.rows,) = engine.row("SELECT count(*) FROM log")
    tally.notes += source.notes
    if (clock := source.clock) is not None:
        clock.learn(engine, "(SELECT rowid AS nr, t FROM log)", place)
        tally.notes += clock.notes
    cells = [typed(one, clean(one.name), source.list_separator) for one in source.keep]
    reasons = _make_views(engine, source, cells)
    must = dict.fromkeys(name for one in source.filters for name in one.numbers)
    numbers = [must_be_number(name, raw(name)) for name in must]
    if clock is not None and not clock.by_flag:
        check = must_be_number(clock.column, "t", or_empty=True)
        wrong = f"CASE WHEN reason = {len(reasons) - 3} THEN {check.wrong} END"
        numbers.append(Check(wrong, check.told))
    kept = [cell.check for cell in cells if cell.check]
    changes = [
        (f"cells of {column.name} {what}", one)
        for column, cell in zip(source.keep, cells, strict=True)
        for what, one in cell.changes
    ]
    counts = "".join(f", count(*) FILTER ({one})" for _, one in changes)
    # One look at all rows, which are many.
    found = engine.rows(
        f"SELECT reason, count(*), sum(changed){counts}{first_rows(numbers)}"
        f"{first_rows(kept, 'reason IS NULL')} FROM rows GROUP BY reason ORDER BY reason"
    )
    totals = [0] * (1 + len(changes))
    for reason, count, *numbered in found:
        if reason is not None:
            tally.dropped[reasons[reason]] += count
        if reason is None or reason >= len(reasons) - 2:  # all but the ids was right
            totals = [one + more for one, more in zip(totals, numbered, strict=False)]
    if clock is not None and (clock.unit == "number" or tally.dropped[reasons[-3]]):
        # The times of rows that a label leaves out are nobody's.
        timed = f"(FROM rows WHERE reason IS NULL OR reason >= {len(reasons) - 3})"
        clock.check(engine, timed, place)
    firsts = [numbered[1 + len(totals) :] for _, *numbered in found]
    earliest = [
        min((at for at in ats if at is not None), default=None) for ats in zip(*firsts, strict=True)
    ]
    refuse_first(engine, "rows", [*numbers, *kept], earliest, place)
    engine.run("CREATE TABLE kept AS FROM kept_rows; DROP VIEW kept_rows; DROP VIEW rows")
    engine.run("DROP TABLE log")
    fields = [
        writable(one.header, identifier(one.header), is_list=one.type.endswith("_seq"))
        for one in source.keep
    ]
    if fields:
        first = engine.row(f"SELECT 0{first_rows(fields)} FROM kept")[1:]
        refuse_first(engine, "kept", fields, first, place)
    for name, column, table in (("user", "u", "users"), ("item", "i", "known")):
        engine.run(f"CREATE TABLE {table} AS SELECT {column} FROM kept GROUP BY {column}")
        check = writable(name, column)
        wrong = f"SELECT {column} FROM {table} WHERE ({check.wrong}) IS NOT NULL"
        if engine.rows(f"{wrong} LIMIT 1"):  # looked for among the distinct ids, which are few
            first = engine.row(f"SELECT min(nr) FROM kept WHERE {column} IN ({wrong})")
            refuse_first(engine, "kept", [check], first, place)
    if totals[0]:
        tally.notes.append(changed_ids("the log", totals[0]))
    for (what, _), count in zip(changes, totals[1:], strict=True):
        tally.notes += [f"the log: {count:,} {what}"] if count else []


def changed_ids(origin: str, count: int) -> str:
    """Say how many ids are not written as they stand."""
    return f"{origin}: {count:,} ids stood between blanks or invisible marks, which were taken off"


def _make_views(engine: Engine, source: Source, cells: Sequence[Cell]) -> list[str]:
    """Make the views of all rows and of those kept; return why a row is left out, by number."""
    clock = source.clock
    cases = [("header", "a header once more")]
    for one in source.filters:
        cases.append((f"({one.condition}) IS NULL", one.unknown))
        cases.append((f"NOT ({one.condition})", one.otherwise))
    if source.where is not None:
        held = source.where.in_sql(engine, raw)
        cases.append((f"NOT coalesce({held}, false)", f"not {short(source.where.text)}"))
    if clock is None:
        heads = [at for (at,) in engine.rows("SELECT rowid FROM log WHERE header")]
        before = f"len(list_filter({heads}, lambda one: one < nr))" if heads else "0"
        seconds = f"CAST(nr - {before} AS DOUBLE)"
    else:
        seconds = clock.seconds
        cases.append(("stripped(t) = ''", source.no_time))
        cases.append(("seconds IS NULL", f"{clock.column} is {clock.refused}"))
    words = ", ".join(map(literal, MISSING_IDS))
    cases += [(f"u IN ({words})", "no user"), (f"i IN ({words})", "no item")]
    stripped = "".join(f", stripped({raw(one.name)}) AS {clean(one.name)}" for one in source.keep)
    whens = " ".join(f"WHEN {when} THEN {number}" for number, (when, _) in enumerate(cases))
    engine.run(
        f"CREATE VIEW rows AS SELECT *, CASE {whens} END AS reason FROM (SELECT *, {seconds} "
        f"AS seconds FROM (SELECT rowid AS nr, *, number(t) AS n{stripped} FROM log))"
    )
    fields = "".join(
        f", {cell.value} AS {identifier(column.header)}"
        for column, cell in zip(source.keep, cells, strict=True)
    )
    engine.run(
        f"CREATE VIEW kept_rows AS SELECT nr, part, u, i, seconds{fields} FROM rows "
        "WHERE reason IS NULL"
    )
    return [reason for _, reason in cases]

"""A log in the engine: its rows as they were read, and for each why it is left out, if it is."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence

from recbole_opal.conversion.cells import (
    Cell,
    changes_of,
    clean,
    clean_id,
    first_row,
    is_no_id,
    must_be_number,
    raw,
    refuse_row,
    typed,
    where,
    writable,
)
from recbole_opal.conversion.label import short
from recbole_opal.conversion.source import Part, Source, Tally
from recbole_opal.sql import Engine, identifier, literal

__all__ = ["changed_ids", "stage_log", "stage_parts"]

Place = Callable[[int], str]


def stage_parts(
    engine: Engine,
    into: str,
    parts: Sequence[Part],
    columns: Sequence[str],
    advance: Callable[[float], None] | None = None,
) -> Place:
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
        changed = (f"CAST({cell} <> {id_} AND {id_} <> '' AS INTEGER)" for id_, cell in ids.items())
        heads = (f"{cell} = {literal(name)}" for name, cell in part.header.items())
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

    What is kept is a table `kept` of the engine: `nr`, the number of the row from 0, `part`, `u`,
    `i`, `seconds` and the fields of the source by their headers, as text. Two more tables, `users`
    and `known`, hold the distinct ids `u` and `i`.

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
    _count(engine, source, tally, cells, reasons, place)
    engine.run("CREATE TABLE kept AS FROM kept_rows; DROP VIEW kept_rows; DROP VIEW rows")
    engine.run("DROP TABLE log")
    _refuse_unreadable(engine, source, place)


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
    cases += [(is_no_id("u"), "no user"), (is_no_id("i"), "no item")]
    stripped = "".join(f", stripped({raw(one.name)}) AS {clean(one.name)}" for one in source.keep)
    whens = " ".join(f"WHEN {when} THEN {number}" for number, (when, _) in enumerate(cases))
    engine.run(
        f"CREATE VIEW rows AS SELECT *, CASE {whens} END AS reason FROM (SELECT *, {seconds} "
        f"AS seconds FROM (SELECT rowid AS nr, *, number(t) AS n{stripped} FROM log))"
    )
    pairs = zip(source.keep, cells, strict=True)
    fields = "".join(f", {cell.value} AS {identifier(column.header)}" for column, cell in pairs)
    engine.run(
        f"CREATE VIEW kept_rows AS SELECT nr, part, u, i, seconds{fields} FROM rows "
        "WHERE reason IS NULL"
    )
    return [reason for _, reason in cases]


def _count(
    engine: Engine,
    source: Source,
    tally: Tally,
    cells: Sequence[Cell],
    reasons: Sequence[str],
    place: Place,
) -> None:
    """Count what is left out or changed, and refuse what may not be there."""
    untimed, no_user = len(reasons) - 3, len(reasons) - 2  # the last reasons; see `_make_views`
    clock = source.clock
    must = dict.fromkeys(name for one in source.filters for name in one.numbers)
    faults = [must_be_number(name, raw(name)) for name in must]
    if clock is not None and not clock.by_flag:
        no_number = must_be_number(clock.column, "t", or_empty=True)
        faults.append(where(f"reason = {untimed}", no_number))
    faults += [where("reason IS NULL", cell.fault) for cell in cells]
    changes = changes_of(source.keep, cells)
    counts = "".join(f", count(*) FILTER ({one})" for _, one in changes)
    # One look at all rows, which are many.
    found = engine.rows(
        f"SELECT reason, count(*), {first_row(faults)}, sum(changed){counts} FROM rows "
        "GROUP BY reason ORDER BY reason"
    )
    totals = [0] * (1 + len(changes))
    for reason, count, _, *changed in found:
        if reason is not None:
            tally.dropped[reasons[reason]] += count
        if reason is None or reason >= no_user:  # all but the ids was right
            totals = [one + more for one, more in zip(totals, changed, strict=True)]
    if clock is not None and (clock.unit == "number" or tally.dropped[reasons[untimed]]):
        # The times of rows that a label leaves out are nobody's.
        clock.check(engine, f"(FROM rows WHERE reason IS NULL OR reason >= {untimed})", place)
    wrong = min((at for _, _, at, *_ in found if at is not None), default=None)
    refuse_row(engine, "rows", faults, wrong, place)
    if totals[0]:
        tally.notes.append(changed_ids("the log", totals[0]))
    for (what, _), count in zip(changes, totals[1:], strict=True):
        tally.notes += [f"the log: {count:,} cells of {what}"] if count else []


def _refuse_unreadable(engine: Engine, source: Source, place: Place) -> None:
    """Refuse what training would not read back; make tables of the distinct ids."""
    if fields := [writable(one, identifier(one.header)) for one in source.keep]:
        (wrong,) = engine.row(f"SELECT {first_row(fields)} FROM kept")
        refuse_row(engine, "kept", fields, wrong, place)
    for name, column, table in (("user", "u", "users"), ("item", "i", "known")):
        engine.run(f"CREATE TABLE {table} AS SELECT {column} FROM kept GROUP BY {column}")
        fault = writable(name, column)
        unfit = f"SELECT {column} FROM {table} WHERE ({fault}) IS NOT NULL"
        if engine.rows(f"{unfit} LIMIT 1"):  # looked for among the distinct ids, which are few
            (wrong,) = engine.row(f"SELECT min(nr) FROM kept WHERE {column} IN ({unfit})")
            refuse_row(engine, "kept", [fault], wrong, place)

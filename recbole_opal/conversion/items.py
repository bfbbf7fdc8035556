"""The rows of an item table: one of each item, which keeps what its further rows add."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from recbole_opal.conversion.cells import (
    Cell,
    changes_of,
    clean,
    first_row,
    is_no_id,
    raw,
    refuse_row,
    typed,
    writable,
)
from recbole_opal.conversion.log import changed_ids, stage_parts
from recbole_opal.conversion.source import Items
from recbole_opal.errors import DataError
from recbole_opal.sql import Engine, atomic_file, identifier

__all__ = ["write_items"]

_NAMED = f"NOT {is_no_id('i')}"


def write_items(
    engine: Engine,
    items: Items,
    path: Path,
    notes: list[str],
    advance: Callable[[float], None] | None = None,
) -> tuple[int, int]:
    """Write a row of each item of the log that has one, in the order of their first rows.

    Args:
        engine: with a table `known` of the items of the log, `i`.
        items: their tables; of several rows of an item lists are joined, and the first value
            counts that is there.
        path: of the file.
        notes: told what became of odd rows.
        advance: told the share of reading that is done.

    Returns:
        The items with a row, and the other items of the tables, which are left out.

    Raises:
        DataError: a table is malformed, or describes no item of the log.
    """
    notes += items.notes
    names = list(dict.fromkeys(name for part in items.parts for name in part.further))
    place = stage_parts(engine, "items", items.parts, names, advance)
    stripped = "".join(f", stripped({raw(name)}) AS {clean(name)}" for name in names)
    engine.run(f"CREATE VIEW item_cells AS SELECT rowid AS nr, *{stripped} FROM items")
    cells = [typed(one, clean(one.name), items.list_separator) for one in items.columns]
    fields = [f"f{number}" for number in range(len(cells))]
    values = "".join(f", {cell.value} AS {one}" for one, cell in zip(fields, cells, strict=True))
    engine.run(
        f"CREATE TABLE item_rows AS SELECT *{values} FROM item_cells SEMI JOIN known USING (i) "
        f"WHERE {_NAMED}"
    )
    faults = [cell.fault for cell in cells]
    faults += [writable(one, field) for field, one in zip(fields, items.columns, strict=True)]
    described, wrong = engine.row(f"SELECT count(DISTINCT i), {first_row(faults)} FROM item_rows")
    if not described:
        raise DataError(
            f"no item of the log is in {items.origin()}; check --item_key, or do without: leave "
            "--item_file away, or write --items=False with the files of a public data set."
        )
    refuse_row(engine, "item_rows", faults, wrong, place)
    listed = "".join(f", {one}" for one in fields)
    engine.run(
        f"CREATE TABLE met AS SELECT min(nr) AS nr, part, i{listed}, count(*) AS alike "
        f"FROM item_rows GROUP BY part, i{listed}"
    )
    _tell_changes(engine, items, cells, notes)
    _merge(engine, items, notes)
    joins, merged = "", ""
    for number, column in enumerate(items.columns):
        joins += f" LEFT JOIN merged AS m{number} ON m{number}.i = met.i "
        joins += f"AND m{number}.field = {number}"
        merged += f", coalesce(m{number}.value, f{number}) AS {identifier(column.header)}"
    engine.run(
        f'COPY (SELECT met.i AS "item_id:token"{merged} FROM met{joins} WHERE nr IN '
        f"(SELECT min(nr) FROM met GROUP BY i) ORDER BY nr) TO {atomic_file(path)}"
    )
    unmet = f"SELECT count(DISTINCT i) FROM items ANTI JOIN known USING (i) WHERE {_NAMED}"
    return described, engine.row(unmet)[0]


def _tell_changes(engine: Engine, items: Items, cells: Sequence[Cell], notes: list[str]) -> None:
    changes = changes_of(items.columns, cells)
    counts = "".join(f", count(*) FILTER ({one})" for _, one in changes)
    for part, ids, nameless, *counted in engine.rows(
        f"SELECT part, sum(changed), count(*) FILTER (NOT {_NAMED}){counts} FROM item_cells "
        "GROUP BY part ORDER BY part"
    ):
        origin = items.origin(part)
        for (what, _), count in zip(changes, counted, strict=True):
            notes += [f"{origin}: {count:,} cells of {what}"] if count else []
        notes += [changed_ids(origin, ids)] if ids else []
        if nameless:
            notes.append(f"{origin}: {nameless:,} rows without an item were left out")


def _merge(engine: Engine, items: Items, notes: list[str]) -> None:
    """Make a table `merged` of the cells, by their field, of the items that have several rows."""
    engine.run(
        "CREATE TABLE again AS SELECT *, row_number() OVER (PARTITION BY part, i ORDER BY nr) > 1 "
        "AS later FROM met WHERE i IN (SELECT i FROM met GROUP BY i HAVING count(*) > 1)"
    )
    lists = [column.type.endswith("_seq") for column in items.columns]
    cells = [
        f"string_split(f{n}, ' ')" if several else f"[f{n}]" for n, several in enumerate(lists)
    ]
    # Of the first row that has any all elements, of other rows those of a list that are new.
    field = "PARTITION BY i, field"
    engine.run(
        f"CREATE TABLE elements AS SELECT *, nr = min(nr) OVER ({field}) OR (several AND "
        f"row_number() OVER ({field}, one ORDER BY nr, place) = 1) AS kept, NOT several AND one <> "
        f"first_value(one) OVER ({field} ORDER BY nr) AS contradicts FROM (SELECT * EXCLUDE "
        "(parts), unnest(parts) AS one, generate_subscripts(parts, 1) AS place FROM (SELECT i, "
        f"nr, part, later, unnest([{', '.join(cells)}]) AS parts, unnest({lists}) AS several, "
        f"unnest({list(range(len(cells)))}) AS field FROM again) WHERE parts <> [''])"
    )
    engine.run(
        "CREATE TABLE merged AS SELECT i, field, string_agg(one, ' ' ORDER BY nr, place) AS value "
        "FROM elements WHERE kept GROUP BY i, field"
    )
    for part, rows, same in engine.rows(
        "SELECT part, sum(alike - 1 + CAST(later AS INTEGER)), sum(alike - 1) + count(*) FILTER "
        "(later AND nr NOT IN (SELECT nr FROM elements WHERE later AND (kept OR contradicts))) "
        "FROM (SELECT part, nr, alike, later FROM again UNION ALL SELECT part, nr, alike, false "
        "FROM met ANTI JOIN again USING (nr)) GROUP BY part ORDER BY part"
    ):
        said = _said(engine, items, part, int(rows), int(same))
        notes += [f"{items.origin(part)}: {said}"] if said else []


def _said(engine: Engine, items: Items, part: int, rows: int, same: int) -> str:
    """Say what became of the rows whose item had one before."""
    if items.from_log:  # that most rows say nothing new is in its nature
        rows, same = rows - same, 0
    said = [f"{same:,} say nothing new"] if same else []
    for contradict, field, count in engine.rows(
        "SELECT contradicts, field, count(DISTINCT nr) FROM elements WHERE later AND (kept OR "
        f"contradicts) AND part = {part} GROUP BY ALL ORDER BY ALL"
    ):
        name = items.columns[field].name
        said.append(
            f"{count:,} contradict the first row in {name}, which counts"
            if contradict
            else f"{count:,} add values to {name}"
        )
    return f"{rows:,} rows repeat an item: {', '.join(said)}" if rows else ""

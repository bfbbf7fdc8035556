"""The rows of an item table: one of each item, which keeps what its further rows add."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from recbole_opal.conversion.cells import (
    MISSING_IDS,
    Cell,
    clean,
    first_row,
    raw,
    refuse_row,
    typed,
    writable,
)
from recbole_opal.conversion.columns import Column
from recbole_opal.conversion.log import changed_ids, stage_parts
from recbole_opal.conversion.source import Items
from recbole_opal.errors import DataError
from recbole_opal.sql import Engine, atomic_file, identifier, literal

__all__ = ["write_items"]

_NAMED = f"i NOT IN ({', '.join(map(literal, MISSING_IDS))})"


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
    engine.run(
        "CREATE VIEW item_cells AS SELECT rowid AS nr, *"
        + "".join(f", stripped({raw(name)}) AS {clean(name)}" for name in names)
        + " FROM items"
    )
    cells = [typed(one, clean(one.name), items.list_separator) for one in items.columns]
    fields = [f"f{number}" for number in range(len(cells))]
    values = "".join(f", {cell.value} AS {one}" for one, cell in zip(fields, cells, strict=True))
    engine.run(
        f"CREATE TABLE item_rows AS SELECT *{values} FROM item_cells SEMI JOIN known USING (i) "
        f"WHERE {_NAMED}"
    )
    checks = [cell.check for cell in cells if cell.check] + [
        writable(column.header, one, is_list=column.type.endswith("_seq"))
        for one, column in zip(fields, items.columns, strict=True)
    ]
    described, wrong = engine.row(f"SELECT count(DISTINCT i), {first_row(checks)} FROM item_rows")
    if not described:
        raise DataError(
            f"no item of the log is in {items.origin}; check --item_key, or do without: leave "
            "--item_file away, or write --items=False with the files of a public data set."
        )
    refuse_row(engine, "item_rows", checks, wrong, place)
    listed = "".join(f", {one}" for one in fields)
    engine.run(
        f"CREATE TABLE met AS SELECT min(nr) AS nr, part, i{listed}, count(*) AS alike "
        f"FROM item_rows GROUP BY part, i{listed}"
    )
    _tell_changes(engine, items, cells, notes)
    _merge(engine, items, notes)
    _write(engine, items.columns, path)
    unmet = f"SELECT count(DISTINCT i) FROM items ANTI JOIN known USING (i) WHERE {_NAMED}"
    return described, engine.row(unmet)[0]


def _tell_changes(engine: Engine, items: Items, cells: Sequence[Cell], notes: list[str]) -> None:
    changes = [
        (f"{column.name} {what}", one)
        for column, cell in zip(items.columns, cells, strict=True)
        for what, one in cell.changes
    ]
    counts = "".join(f", count(*) FILTER ({one})" for _, one in changes)
    for part, ids, nameless, *counted in engine.rows(
        f"SELECT part, sum(changed), count(*) FILTER (NOT {_NAMED}){counts} FROM item_cells "
        "GROUP BY part ORDER BY part"
    ):
        origin = items.origin_of(part)
        for (what, _), count in zip(changes, counted, strict=True):
            notes += [f"{origin}: {count:,} cells of {what}"] if count else []
        notes += [changed_ids(origin, ids)] if ids else []
        if nameless:
            notes.append(f"{origin}: {nameless:,} rows without an item were left out")


def _merge(engine: Engine, items: Items, notes: list[str]) -> None:
    """Make tables `merged0`, ...: the cells of the items that have several rows."""
    engine.run(
        "CREATE TABLE again AS SELECT *, row_number() OVER (PARTITION BY part, i ORDER BY nr) > 1 "
        "AS later FROM met WHERE i IN (SELECT i FROM met GROUP BY i HAVING count(*) > 1)"
    )
    engine.run("CREATE TABLE told (nr BIGINT, part INTEGER, field INTEGER, adds BOOLEAN)")
    for number, column in enumerate(items.columns):
        cell, merged = f"f{number}", f"merged{number}"
        engine.run(
            f"CREATE OR REPLACE TABLE filled AS SELECT i, min(nr) AS first, arg_min({cell}, nr) "
            f"AS held FROM again WHERE {cell} <> '' GROUP BY i"
        )
        rows = f"again JOIN filled USING (i) WHERE {cell} <> ''"
        if not column.type.endswith("_seq"):
            engine.run(f"CREATE TABLE {merged} AS SELECT i, held AS value FROM filled")
            engine.run(
                f"INSERT INTO told SELECT nr, part, {number}, nr = first FROM {rows} AND later "
                f"AND (nr = first OR {cell} <> held)"
            )
            continue
        # Of the first row that has any all elements, of others those that are new.
        parts = f"string_split({cell}, ' ')"
        engine.run(
            f"CREATE OR REPLACE TABLE elements AS SELECT i, nr, part, later, one, place FROM "
            f"(SELECT i, nr, part, later, first, unnest({parts}) AS one, "
            f"generate_subscripts({parts}, 1) AS place FROM {rows}) QUALIFY nr = first OR "
            "row_number() OVER (PARTITION BY i, one ORDER BY nr, place) = 1"
        )
        engine.run(
            f"CREATE TABLE {merged} AS SELECT i, string_agg(one, ' ' ORDER BY nr, place) AS value "
            "FROM elements GROUP BY i"
        )
        engine.run(
            f"INSERT INTO told SELECT DISTINCT nr, part, {number}, true FROM elements WHERE later"
        )
    for part, rows, same in engine.rows(
        "SELECT part, sum(alike - 1 + CAST(later AS INTEGER)), sum(alike - 1) + count(*) FILTER "
        "(later AND nr NOT IN (SELECT nr FROM told)) FROM (SELECT part, nr, alike, later FROM "
        "again UNION ALL SELECT part, nr, alike, false FROM met ANTI JOIN again USING (nr)) "
        "GROUP BY part ORDER BY part"
    ):
        said = _said(engine, items, part, int(rows), int(same))
        notes += [f"{items.origin_of(part)}: {said}"] if said else []


def _said(engine: Engine, items: Items, part: int, rows: int, same: int) -> str:
    """Say what became of the rows whose item had one before."""
    if items.from_log:  # that most rows say nothing new is in its nature
        rows, same = rows - same, 0
    said = [f"{same:,} say nothing new"] if same else []
    counted = engine.rows(
        f"SELECT NOT adds, field, count(*) FROM told WHERE part = {part} GROUP BY ALL ORDER BY ALL"
    )
    for contradict, field, count in counted:
        name = items.columns[field].name
        said.append(
            f"{count:,} contradict the first row in {name}, which counts"
            if contradict
            else f"{count:,} add values to {name}"
        )
    return f"{rows:,} rows repeat an item: {', '.join(said)}" if rows else ""


def _write(engine: Engine, columns: Sequence[Column], path: Path) -> None:
    cells = "".join(
        f", coalesce(m{number}.value, f{number}) AS {identifier(column.header)}"
        for number, column in enumerate(columns)
    )
    joins = " ".join(
        f"LEFT JOIN merged{number} AS m{number} ON m{number}.i = met.i"
        for number in range(len(columns))
    )
    firsts = "SELECT min(nr) FROM met GROUP BY i"
    engine.run(
        f'COPY (SELECT met.i AS "item_id:token"{cells} FROM met {joins} '
        f"WHERE nr IN ({firsts}) ORDER BY nr) TO {atomic_file(path)}"
    )

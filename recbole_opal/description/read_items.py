"""How far the fields of an item table reach, counted by DuckDB."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from recbole_opal.data.atomic_files import Column, Roles, read_header, require_columns
from recbole_opal.data.atomic_files.fields import LARGEST, LONGEST_TOKEN, NO_NUMBER, PADDING
from recbole_opal.description.atomic_sql import AtomicForm, refuse_by_reader, stage
from recbole_opal.sql import Engine, literal

__all__ = ["FieldCover", "read_items"]


@dataclass(frozen=True)
class FieldCover:
    """How far a field of the item table reaches.

    Attributes:
        name: with its type, as `tag:token_seq`.
        filled: interacted items whose cell is not missing.
        values: distinct elements among them.
    """

    name: str
    filled: int
    values: int


def read_items(engine: Engine, path: Path, form: AtomicForm) -> tuple[list[FieldCover], list[str]]:
    """Return how many of the interacted items have each field of an `.item` file.

    Of several rows of an item all lists count, and the first value that is there, as in training.

    Args:
        engine: with a table `log` of the interactions, `i` being the items.
        path: of the file.
        form: how it is written.

    Returns:
        The fields, and what is to be told of items with several rows.

    Raises:
        DataError: the file is malformed or lacks the ids.
    """
    key = form.fields[1]
    columns = read_header(path, form.separator, form.encoding)
    require_columns(columns, {key: "token"}, path, "add it.")
    cells = {f"c{place}": column for place, column in enumerate(columns)}
    id_ = next(cell for cell, column in cells.items() if column.name == key)
    select = dict(zip(cells, cells, strict=True)) | {"i": id_}
    stage(engine, "items", path, form, columns, select, Roles([key]))
    wrong = " OR ".join([f"{id_} = ''", *(_wrong(cell, one) for cell, one in cells.items())])
    if engine.rows(f"SELECT 1 FROM items WHERE {wrong} LIMIT 1"):
        refuse_by_reader(path, form, Roles([key]))
    engine.run("CREATE VIEW met AS SELECT rowid AS nr, * FROM items SEMI JOIN log USING (i)")
    (repeated,) = engine.row("SELECT count(*) - count(DISTINCT i) FROM met")
    notes = [
        f"{path.name}: {repeated:,} rows repeat an item; of them lists are joined, and of other "
        "fields the first value counts"
    ]
    covers = [_cover(engine, cell, one) for cell, one in cells.items() if one.name != key]
    return covers, notes if repeated else []


def _wrong(cell: str, column: Column) -> str:
    """Return SQL that is true where a run would refuse a cell, as its reader words."""
    if column.kind == "float":
        words = ", ".join(map(literal, NO_NUMBER))
        fits = f"coalesce(abs(number({cell})) <= {LARGEST}, false)"
        return f"({cell} NOT IN ({words}) AND NOT {fits})"
    parts = f"string_split({cell}, ' ')" if column.kind.endswith("seq") else f"[{cell}]"
    fits = f"length(one) <= {LONGEST_TOKEN} AND one <> {literal(PADDING)}"
    if column.kind == "float_seq":
        fits = f"one = '' OR coalesce(abs(number(one)) <= {LARGEST}, false)"
    return f"NOT list_bool_and(list_transform({parts}, lambda one: {fits}))"


def _cover(engine: Engine, cell: str, column: Column) -> FieldCover:
    value = f"CAST(number({cell}) AS VARCHAR)" if column.kind == "float" else f"nullif({cell}, '')"
    firsts = f"SELECT i, arg_min({value}, nr) AS one FROM met GROUP BY i"
    if column.kind.endswith("seq"):
        one = "CAST(number(one) AS VARCHAR)" if column.kind == "float_seq" else "nullif(one, '')"
        parts = f"SELECT i, unnest(string_split({cell}, ' ')) AS one FROM met"
        firsts = f"SELECT i, {one} AS one FROM ({parts})"
    filled, values = engine.row(
        f"SELECT count(DISTINCT i), count(DISTINCT one) FROM ({firsts}) WHERE one IS NOT NULL"
    )
    return FieldCover(str(column), filled, values)

"""A condition in SQL over the columns of a log, whose cells are text: `play_ms >= duration_ms`."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from recbole_opal.errors import SettingsError
from recbole_opal.sql import Engine, identifier, literal, opened_engine, shown_error
from recbole_opal.suggest import did_you_mean

__all__ = ["Where", "parse_where"]

_TYPES = ("BIGINT", "DOUBLE", "BOOLEAN")  # the first that all cells of a column fit, else text


@dataclass(frozen=True)
class Where:
    """A condition as it was typed, and the columns that it names."""

    text: str
    columns: tuple[str, ...]

    def in_sql(self, engine: Engine, raw: Callable[[str], str]) -> str:
        """Return the condition over the engine's log; an empty cell is NULL, and so not positive.

        A column is compared as whole numbers, numbers or truth values where all of its cells are
        such, else as text.

        Raises:
            SettingsError: it is no condition over these columns.
        """
        import duckdb

        cells = [f"nullif(stripped({raw(name)}), '')" for name in self.columns]
        made = ", ".join(f"try_cast({cell} AS {_kind(engine, cell)})" for cell in cells)
        held = f"held({made})"
        try:
            named = ", ".join(map(identifier, self.columns))
            engine.run(f"CREATE OR REPLACE MACRO held({named}) AS ({self.text}\n)")
            engine.rows(f"SELECT CAST({held} AS BOOLEAN) FROM log LIMIT 0")
        except duckdb.Error as error:
            raise _malformed(self.text, shown_error(error)) from error
        return f"try_cast({held} AS BOOLEAN)"


def parse_where(text: str, names: Sequence[str]) -> Where:
    """Return a condition typed behind `--where`.

    Args:
        text: an expression of SQL.
        names: of the columns of the log.

    Raises:
        SettingsError: it is none, or names a column that is not there.
    """
    with opened_engine() as engine:
        statement = literal(f"SELECT 1 WHERE ({text}\n)")
        (parsed,) = engine.row(f"SELECT json_serialize_sql({statement})")
    tree = json.loads(parsed)
    if tree["error"] or len(tree["statements"]) != 1:
        raise _malformed(text, tree.get("error_message", "it is more than one statement"))
    named = list(dict.fromkeys(_columns(tree["statements"][0]["node"])))
    known = {name.lower(): name for name in names}
    for name in named:
        if name not in names and name.lower() not in known:
            hint = did_you_mean(name, names) or f"; choose from {', '.join(names[:20])}."
            raise SettingsError(f"--where: there is no column {name}{hint}")
    return Where(text, tuple(name if name in names else known[name.lower()] for name in named))


def _columns(node: Any) -> list[str]:
    """Return the columns that a parsed statement names."""
    if isinstance(node, dict) and node.get("class") == "COLUMN_REF":
        return [".".join(node["column_names"])]
    inner = node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
    return [name for one in inner for name in _columns(one)]


def _kind(engine: Engine, cell: str) -> str:
    fits = ", ".join(f"bool_and(({cell}) IS NULL OR try_cast({cell} AS {kind}) IS NOT NULL)"
                     for kind in _TYPES)  # fmt: skip
    found = engine.row(f"SELECT {fits} FROM log WHERE NOT header")
    return next((kind for kind, fit in zip(_TYPES, found, strict=True) if fit), "VARCHAR")


def _malformed(text: str, reason: str) -> SettingsError:
    return SettingsError(
        f"--where: '{' '.join(text.split())[:200]}' is no condition of SQL "
        f"({' '.join(reason.split())[:200]}); write for example --where='play_ms >= duration_ms "
        "and event in ($$cart$$, $$buy$$)'."
    )

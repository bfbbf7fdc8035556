"""Whether the interests are used: a table of the diagnostics of every model that has interests."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from recbole_opal.report import numbers
from recbole_opal.report.markup import Child, Markup, join, node
from recbole_opal.report.parts import reading, scroll_box, table
from recbole_opal.report.readings import listed
from recbole_opal.report.source import Comparison, Row

__all__ = ["usage"]

_COLUMNS = {
    "usage_entropy": "Entropy of the lists",
    "hit_entropy": "Entropy of the hits",
    "cosine": "Cosine of a user's interests",
    "dead_users": "Users with an idle interest",
}


def usage(comparison: Comparison) -> Markup | None:
    """Return the table; None where no model has several interests."""
    rows = [row for row in comparison.done if _several(row)]
    if not rows:
        return None
    cells: list[list[Child]] = [
        [_name(row), str(row.interests), *_values(row.diagnostics or {})] for row in rows
    ]
    header: list[Child] = ["Model", "K", *_COLUMNS.values()]
    return join(
        node("h3", "Are the interests used?"),
        scroll_box(table(header, cells), "use of the interests"),
        reading(_reading(rows)),
        node(
            "p",
            "Entropy: of each interest's share of the listed items (or hits), 1 if all K share "
            "alike, 0 if one has all. Cosine: mean over pairs of a user's interests, 1 if they "
            "are the same. Idle: it wins nothing in the user's list.",
            class_="note",
        ),
    )


def _several(row: Row) -> bool:
    return bool(row.diagnostics) and row.interests > 1


def _values(diagnostics: Mapping[str, Any]) -> list[str]:
    found = {name: diagnostics.get(name) for name in _COLUMNS}
    dead = found.pop("dead_users")
    texts = [numbers.number(value, 2) for value in found.values()]
    return [*texts, "–" if dead is None else numbers.percent(dead)]


def _name(row: Row) -> list[Child]:
    collapsed = (row.diagnostics or {}).get("collapsed")
    return [row.short, node("small", " collapsed", class_="bad") if collapsed else None]


def _reading(rows: list[Row]) -> str:
    collapsed = [row.short for row in rows if (row.diagnostics or {}).get("collapsed")]
    if not collapsed:
        return f"In none of the {len(rows)} rows with several interests have they collapsed."
    verb = "has" if len(collapsed) == 1 else "have"
    return f"{listed(collapsed)} {verb} collapsed: fewer interests are at work than K says."

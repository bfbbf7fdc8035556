"""How rows look: family marks, and the few lines that are lit among many."""

from __future__ import annotations

from collections.abc import Sequence

from recbole_opal.report.source import Comparison, Family, Row

__all__ = ["FAMILIES", "SHAPES", "colour", "lit_rows"]

SHAPES: dict[Family, str] = {"opal": "circle", "multi": "diamond", "single": "square"}
FAMILIES: dict[Family, str] = {
    "opal": "OPAL",
    "multi": "other models of several interests",
    "single": "models of one vector or score",
}
_COLOURS = 8


def colour(index: int) -> str:
    """Return the name of a colour of the palette, which light and dark fill each in their way."""
    return f"c{index % _COLOURS + 1}"


def lit_rows(comparison: Comparison, rows: Sequence[Row]) -> list[Row]:
    """Return up to five rows to show among many, chosen by validation only.

    OPAL's best row of each stage, the best other model of several interests, the best model of
    one vector, and the control YouTubeDNN.

    Args:
        comparison: gives the validation metric.
        rows: to choose from.
    """
    ranked = sorted(rows, key=lambda row: -comparison.by_validation(row))
    groups = [
        [row for row in ranked if row.family == "opal" and row.stage == stage]
        for stage in dict.fromkeys(row.stage for row in rows if row.family == "opal")
    ]
    groups.append([row for row in ranked if row.family == "multi"])
    groups.append([row for row in ranked if row.family == "single"])
    groups.append([row for row in ranked if row.model == "YouTubeDNN"])
    chosen = [group[0] for group in groups if group]
    return [row for index, row in enumerate(chosen) if row not in chosen[:index]]

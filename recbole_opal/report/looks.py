"""How each row looks, the same in every picture: a colour a model, dashes before its last stage."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple, TypeVar

from recbole_opal.comparison.result import ComparisonResult
from recbole_opal.comparison.row import Family, Row
from recbole_opal.report.rows import colour, lit_rows

__all__ = ["FAMILIES", "Look", "dashes", "keys", "lit_first", "looks", "model_colours", "shades"]

Found = TypeVar("Found")

FAMILIES: dict[Family, str] = {
    "opal": "OPAL",
    "multi": "other models of several interests",
    "single": "models of one vector or score",
}
_OWN_COLOURS = 8
_REST = "c0"  # a grey, for the models beyond
_SHADES = ("", "-2", "-3")


class Look(NamedTuple):
    """The colour of a row, and whether its lines are dashed: a later stage goes on from it."""

    colour: str
    dashed: bool


def model_colours(comparison: ComparisonResult) -> dict[str, str]:
    """Return the colour of each model: OPAL the first, the others as validation ranks them."""
    ranked = sorted(comparison.rows, key=comparison.by_validation, reverse=True)
    models = dict.fromkeys(["OPAL", *(row.model for row in ranked)])
    return {
        model: colour(place) if place < _OWN_COLOURS else _REST
        for place, model in enumerate(models)
    }


def looks(comparison: ComparisonResult) -> dict[str, Look]:
    """Return the look of each row by its label.

    Variants of a model, the best on validation first, are shades of its colour; what a model does
    before its last stage is dashed.
    """
    colours = model_colours(comparison)
    variants: dict[str, dict[str, int]] = {}
    for row in sorted(comparison.rows, key=comparison.by_validation, reverse=True):
        known = variants.setdefault(row.model, {})
        known.setdefault(row.variant, len(known))
    last = {row.variant: row.stage for row in comparison.rows}
    found = {}
    for row in comparison.rows:
        shade = _SHADES[variants[row.model][row.variant] % len(_SHADES)]
        found[row.label] = Look(f"{colours[row.model]}{shade}", row.stage != last[row.variant])
    return found


def lit_first(
    comparison: ComparisonResult, found: Iterable[tuple[Row, Found]]
) -> list[tuple[Row, Found, Look, bool]]:
    """Return rows with what was found of them, their looks, and whether they are lit, these first.

    Which are lit is chosen by `lit_rows`.
    """
    pairs, known = list(found), looks(comparison)
    lit = {id(row): n for n, row in enumerate(lit_rows(comparison, [row for row, _ in pairs]))}
    ordered = sorted(pairs, key=lambda pair: lit.get(id(pair[0]), len(lit)))
    return [(row, each, known[row.label], id(row) in lit) for row, each in ordered]


def keys(rows: Iterable[Row]) -> list[tuple[str, str]]:
    """Return the legend of the shapes that are among the rows."""
    there = {row.family for row in rows}
    return [(name, title) for name, title in FAMILIES.items() if name in there]


def shades(rows: Iterable[Row]) -> str | None:
    """Return what colours tell where variants of a model stand beside each other."""
    variants: dict[str, set[str]] = {}
    for row in rows:
        variants.setdefault(row.model, set()).add(row.variant)
    if all(len(each) == 1 for each in variants.values()):
        return None
    return "A colour a model, the same in every picture; variants of a model are shades of it."


def dashes(rows: Iterable[Row], known: Mapping[str, Look]) -> list[tuple[str, str]]:
    """Return the legend of solid and dashed lines; empty where no row is dashed."""
    stages = dict.fromkeys(row.stage for row in rows if known[row.label].dashed)
    if not stages:
        return []
    dashed = f"dashed: the {' or '.join(stages)} stage, from which a later one goes on"
    return [("solid", "solid: the last stage"), ("dashed", dashed)]

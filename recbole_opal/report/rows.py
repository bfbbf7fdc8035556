"""The rows of a comparison as a report shows them: families, short names, order, choices."""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable, Sequence
from typing import Literal

from recbole_opal.evaluation.cutoff import longest_cut_off
from recbole_opal.evaluation.direction import sign_of
from recbole_opal.report.source import Comparison, Row

__all__ = [
    "FAMILIES", "Family", "best_opal_rows", "by_validation", "colour", "done", "family",
    "interests", "keys", "list_length", "lit_rows", "options", "short", "sweeps", "without_result",
]  # fmt: skip

Family = Literal["opal", "multi", "single"]

FAMILIES: dict[Family, str] = {
    "opal": "OPAL",
    "multi": "other models of several interests",
    "single": "models of one vector or score",
}
_COLOURS = 8
_MOST_COUNTS = 4


def family(row: Row) -> Family:
    """Return whether a row is OPAL, another model of several interests, or one of one score."""
    if row.model == "OPAL":
        return "opal"
    return "multi" if interests(row) > 1 else "single"


def interests(row: Row) -> int:
    """Return K, 1 for a model without interests."""
    return int(row.num_interests or (row.diagnostics or {}).get("num_interests") or 1)


def options(row: Row) -> tuple[str, ...]:
    """Return what sets a variant apart from its model, `num_interests` left out.

    Taken from how the variant was typed: `settings` also holds what tuning found, which may differ
    for each number of interests.
    """
    typed = row.variant.split("@")[1:]
    return tuple(option for option in typed if not option.startswith("num_interests="))


def short(row: Row) -> str:
    """Return the label as pictures have it: `OPAL K=8 hard`."""
    return row.label.replace("num_interests=", "K=")


def colour(index: int) -> str:
    """Return the name of a colour of the palette, which light and dark fill each in their way."""
    return f"c{index % _COLOURS + 1}"


def keys(rows: Iterable[Row]) -> list[tuple[str, str]]:
    """Return the legend of the families that are among the rows."""
    there = {family(row) for row in rows}
    return [(name, title) for name, title in FAMILIES.items() if name in there]


def done(comparison: Comparison) -> list[Row]:
    """Return the rows that have the main metric on the test part, best first."""
    metric, sign = comparison.metric, sign_of(comparison.metric)
    scored = [row for row in comparison.rows if metric in row.test]
    return sorted(scored, key=lambda row: -sign * row.test[metric].mean)


def without_result(comparison: Comparison) -> list[Row]:
    """Return the rows of which a run failed, or that have no main metric on test."""
    metric = comparison.metric
    return [row for row in comparison.rows if row.error is not None or metric not in row.test]


def list_length(comparison: Comparison) -> int:
    """Return the k of the main metric; where it has none, the largest measured."""
    measured = (name for row in comparison.rows for name in row.test)
    return longest_cut_off(comparison.metric, measured) or 0


def by_validation(comparison: Comparison, rows: Iterable[Row]) -> list[Row]:
    """Return rows best first, for choices that must not look at the test; no value comes last."""
    metric, sign = comparison.metric, sign_of(comparison.metric)

    def worth(row: Row) -> float:
        return sign * row.valid[metric].mean if metric in row.valid else -math.inf

    return sorted(rows, key=worth, reverse=True)


def lit_rows(comparison: Comparison, rows: Sequence[Row]) -> list[Row]:
    """Return up to five rows to show among many, chosen by validation only.

    OPAL's best row of each stage, the best other model of several interests, the best model of
    one vector, and the control YouTubeDNN.
    """
    ranked = by_validation(comparison, rows)
    opal = [row for row in rows if family(row) == "opal"]
    groups = [
        [row for row in ranked if family(row) == "opal" and row.stage == stage]
        for stage in dict.fromkeys(row.stage for row in opal)
    ]
    groups += [[row for row in ranked if family(row) == name] for name in ("multi", "single")]
    groups.append([row for row in ranked if row.model == "YouTubeDNN"])
    return list({id(group[0]): group[0] for group in groups if group}.values())


def best_opal_rows(comparison: Comparison) -> list[Row]:
    """Return OPAL's best row on validation for each K above 1, at most four, best first."""
    ranked = by_validation(comparison, done(comparison))
    several = [row for row in ranked if family(row) == "opal" and (row.num_interests or 0) > 1]
    by_count: dict[int | None, Row] = {}
    for row in several:
        by_count.setdefault(row.num_interests, row)
    return list(by_count.values())[:_MOST_COUNTS]


def sweeps(rows: Iterable[Row]) -> list[list[Row]]:
    """Return groups of rows of one model, stage and options with several numbers of interests.

    Each group is ordered by K, of equal K the first row counts; groups of one K are left out.
    """
    groups: dict[Hashable, dict[int, Row]] = {}
    for row in rows:
        if row.num_interests is not None:
            group = groups.setdefault((row.model, row.stage, options(row)), {})
            group.setdefault(row.num_interests, row)
    return [[group[k] for k in sorted(group)] for group in groups.values() if len(group) > 1]

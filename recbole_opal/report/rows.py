"""Choices among the rows of a comparison: which are lit, which make a sweep."""

from collections.abc import Hashable, Iterable, Sequence

from recbole_opal.comparison.result import ComparisonResult
from recbole_opal.comparison.row import Difference, Row

__all__ = ["best_opal_rows", "category_colour", "colour", "lit_rows", "sweeps", "to_opal"]

_COLOURS = 8
_MOST_COUNTS = 4


def colour(index: int) -> str:
    """Return the name of a colour of the palette, which light and dark fill each in their way."""
    return f"c{index % _COLOURS + 1}"


def category_colour(category: int) -> str:
    """Return the name of the colour of a hyper-category, from 0, or of the interest in it."""
    return f"k{category % _COLOURS + 1}"


def to_opal(row: Row, metric: str) -> Difference | None:
    """Return the difference of a row to OPAL's best, None where it is that row or there is none."""
    return (row.against_opal or {}).get(metric)


def lit_rows(comparison: ComparisonResult, rows: Sequence[Row]) -> list[Row]:
    """Return up to five rows to show among many, chosen by validation only.

    OPAL's best row of each stage, the best other model of several interests, the best model of
    one vector, and the control YouTubeDNN.
    """
    ranked = sorted(rows, key=comparison.by_validation, reverse=True)
    stages = dict.fromkeys(row.stage for row in rows if row.family == "opal")
    groups = [[r for r in ranked if r.family == "opal" and r.stage == stage] for stage in stages]
    groups += [[row for row in ranked if row.family == family] for family in ("multi", "single")]
    groups.append([row for row in ranked if row.model == "YouTubeDNN"])
    return list({id(group[0]): group[0] for group in groups if group}.values())


def best_opal_rows(comparison: ComparisonResult) -> list[Row]:
    """Return OPAL's best row on validation for each K above 1, at most four, best first."""
    by_count: dict[int, Row] = {}
    for row in sorted(comparison.done, key=comparison.by_validation, reverse=True):
        if row.family == "opal" and row.num_interests is not None and row.num_interests > 1:
            by_count.setdefault(row.num_interests, row)
    return list(by_count.values())[:_MOST_COUNTS]


def sweeps(rows: Iterable[Row]) -> list[list[Row]]:
    """Return groups of rows of one model, stage and options with several numbers of interests.

    Each group is ordered by K, of equal K the first row counts; groups of one K are left out.
    """
    groups: dict[Hashable, dict[int, Row]] = {}
    for row in rows:
        if row.num_interests is not None:
            group = groups.setdefault((row.model, row.stage, row.options), {})
            group.setdefault(row.num_interests, row)
    return [[group[k] for k in sorted(group)] for group in groups.values() if len(group) > 1]

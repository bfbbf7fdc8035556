"""Which tables a comparison shows, in files (all) and on screen (the deciding list length)."""

from __future__ import annotations

from recbole_opal.comparison.result import ComparisonResult
from recbole_opal.comparison.rows import Row
from recbole_opal.comparison.sections import (
    Section,
    accuracy,
    costs,
    differences,
    diversity,
    interests,
)
from recbole_opal.evaluation.cutoff import cut_off, longest_cut_off

__all__ = ["all_sections", "screen_sections"]


def all_sections(result: ComparisonResult) -> list[Section]:
    """Return the tables of a file: every list length, differences of every metric at one length.

    The differences at the other lengths stand in comparison.csv and comparison.json.

    Args:
        result: the comparison.
    """
    metrics = dict.fromkeys(name for row in result.rows for name in row.test)
    length = longest_cut_off(result.metric, metrics)
    shown = [name for name in metrics if cut_off(name) == length] or list(metrics)
    found = [accuracy(result.rows, result.metric), diversity(result.rows), costs(result.rows)]
    found += [section for name in shown for section in _differences(result, name)]
    return [section for section in [*found, interests(result.rows)] if section is not None]


def screen_sections(result: ComparisonResult) -> list[Section]:
    """Return the tables of a terminal: one list length, differences of the deciding metric.

    Args:
        result: the comparison.
    """
    length = longest_cut_off(result.metric, (name for row in result.rows for name in row.test))
    found = [
        accuracy(result.rows, result.metric, length),
        diversity(result.rows, length),
        costs(result.rows),
        *_differences(result, result.metric),
        interests(result.rows),
    ]
    return [section for section in found if section is not None]


def _differences(result: ComparisonResult, metric: str) -> list[Section]:
    pairs: list[tuple[Row | None, str]] = [(result.best, "against_best")]
    if result.opal is not result.best:
        pairs.append((result.opal, "against_opal"))
    sections = [
        differences(result.rows, metric, reference, key)
        for reference, key in pairs
        if reference is not None
    ]
    return [section for section in sections if section.cells]

"""The numbers of a study as tables of texts."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

from recbole_opal.comparison.row import Row, Spread
from recbole_opal.comparison.text_tables import TextTable
from recbole_opal.evaluation.direction import bigger_is_better, title_of
from recbole_opal.report.wording import interval, number, signed
from recbole_opal.studies.outcome import Outcome, Pair

__all__ = ["EXTRAS", "difference_table", "values_table"]

_NONE = "–"


def _spread(value: Spread | None, digits: int) -> str:
    if value is None:
        return _NONE
    sd = "" if value.sd is None else f" ± {value.sd:.{digits}f}"
    return f"{value.mean:.{digits}f}{sd}"


def _cosine(row: Row) -> str:
    return number(row.diagnostics.cosine if row.diagnostics else None, 3)


def _entropy(row: Row) -> str:
    return number(row.diagnostics.usage_entropy if row.diagnostics else None, 3)


EXTRAS: Mapping[str, tuple[str, Callable[[Row], str]]] = {
    "cosine": ("mean cosine of interests", _cosine),
    "entropy": ("usage entropy", _entropy),
    "seconds": ("training s", lambda row: _spread(row.train_seconds, 1)),
    "epochs": ("epochs", lambda row: _spread(row.epochs, 0)),
    "cut_short": ("runs cut short", lambda row: f"{row.cut_short} of {len(row.runs)}"),
}
"""Columns beside the metrics: name to heading and cell."""


def values_table(
    outcome: Outcome,
    metrics: Sequence[str],
    extras: Sequence[str] = ("cut_short",),
    *,
    title: str = "On the test part",
    part: str | None = None,
    rows: Sequence[Row] | None = None,
) -> TextTable:
    """Return a line a row: mean and standard deviation over seeds, and some of `EXTRAS`.

    Args:
        outcome: of the study.
        metrics: a column each.
        extras: names in `EXTRAS`, a column each.
        title: of the table.
        part: whose rows they are; None: of the main one.
        rows: those to show; None: all of the part.
    """
    columns = [EXTRAS[name] for name in extras]
    header = ["", *(_heading(metric) for metric in metrics), *(name for name, _ in columns)]
    cells = [
        [
            row.short,
            *(_spread(row.test.get(m), 4) for m in metrics),
            *(cell(row) for _, cell in columns),
        ]
        for row in (outcome.rows(part) if rows is None else rows)
    ]
    result = outcome.main if part is None else outcome.results[part]
    several = "mean ± standard deviation over seeds" if len(result.seeds) > 1 else "one seed"
    return TextTable(title, header, cells, [f"Each number: {several}."])


def difference_table(
    pairs: Sequence[Pair], metrics: Sequence[str], *, title: str = "Differences, paired over users"
) -> TextTable:
    """Return a line a pair: difference and 95 % interval of each metric that users have."""
    shown = [metric for metric in metrics if any(metric in pair.differences for pair in pairs)]
    header = ["", "less", *(_heading(metric) for metric in shown)]
    cells = [
        [pair.row.short, pair.reference.short, *(_difference(pair, metric) for metric in shown)]
        for pair in pairs
    ]
    note = (
        "Mean over users of the row less its reference, each user's value being the mean over "
        "seeds, with the 95 % bootstrap interval over users; * the interval excludes 0 and Holm's "
        "p over the table is below 0.05. Coverage, Gini, cosine and seconds are no values of users."
    )
    return TextTable(title, header, cells, [note])


def _heading(metric: str) -> str:
    return title_of(metric, short=True) + (" ↑" if bigger_is_better(metric) else " ↓")


def _difference(pair: Pair, metric: str) -> str:
    told = pair.differences.get(metric)
    if told is None or not math.isfinite(told.difference):
        return _NONE
    mark = " *" if told.marked else ""
    return f"{signed(told.difference)} {interval(told.low, told.high)}{mark}"

"""Accuracy against what it costs: waiting for a list, training, memory."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from recbole_opal.comparison.result import ComparisonResult
from recbole_opal.comparison.row import Row, Spread
from recbole_opal.comparison.text_tables import costs_told
from recbole_opal.evaluation.direction import title_of
from recbole_opal.report import wording
from recbole_opal.report.charts import drawing
from recbole_opal.report.charts.scale import outliers
from recbole_opal.report.charts.scatter import Dot, scatter_picture
from recbole_opal.report.elements import Section, figure, legend, note, reading, table, tabs
from recbole_opal.report.looks import keys, looks
from recbole_opal.report.markup import Child, Markup, join
from recbole_opal.report.readings import bargains

__all__ = ["costs"]

_FAR_APART = 3.0  # from so many times the least on, equal factors are drawn equally far apart


class _Cost(NamedTuple):
    title: str  # of a tab and a column
    axis: str
    unit: float
    told: Callable[[float | None], str]


_DRAWN = {
    "user_seconds": _Cost("One user", "One user, encode and search, ms", 1e-3, wording.seconds),
    "train_seconds": _Cost("Training", "Training, s", 1.0, wording.seconds),
    "test_seconds": _Cost("Evaluation", "Evaluation of all users, s", 1.0, wording.seconds),
    "peak_memory": _Cost("Peak memory", "Peak memory, MiB", 2.0**20, wording.size),
    "parameters": _Cost("Parameters", "Parameters, thousands", 1e3, wording.count),
}
_EPOCHS = _Cost("Epochs", "", 1.0, wording.count)


def costs(comparison: ComparisonResult) -> Section | None:
    """Return the section; None where nothing was measured."""
    rows = comparison.done
    panels: dict[str, Child] = {}
    for name, cost in _DRAWN.items():
        there = [row for row in rows if name in row.costs and row.costs[name].mean > 0]
        if len({row.model for row in there}) > 1:
            panels[cost.title] = _panel(comparison, there, name, cost)
    numbers = _table(rows)
    if numbers is None:
        return None
    said = costs_told(rows)
    drawn = tabs("costs-tabs", panels) if panels else None
    body = join(drawn, numbers, note(" ".join(said)) if said else None)
    return Section("costs", "Accuracy against cost" if panels else "What it cost", body)


def _panel(comparison: ComparisonResult, rows: Sequence[Row], name: str, cost: _Cost) -> Markup:
    metric, known = comparison.metric, looks(comparison)
    far = outliers([row.test[metric].mean for row in rows])
    drawn = [row for row, off in zip(rows, far, strict=True) if not off]
    left_out = [_told(row, metric, name, cost) for row, off in zip(rows, far, strict=True) if off]
    dots = [
        Dot(
            row.named, row.family, _scaled(row.costs[name], cost.unit), row.test[metric],
            _told(row, metric, name, cost), known[row.label].colour,
        )
        for row in drawn
    ]  # fmt: skip
    means = [dot.across.mean for dot in dots]
    logarithmic = max(means) >= _FAR_APART * min(means)
    how = "; equal factors are equally far apart" if logarithmic else ""
    titles = f"{cost.axis} (cheaper ←{how})", wording.axis_name(metric)
    title = f"{title_of(metric)} against {cost.axis.lower()}"

    def draw(unique: str, width: int) -> Markup:
        return scatter_picture(unique, width, title, dots, titles, logarithmic=logarithmic)

    return figure(
        drawing.responsive(draw, f"cost-{name.replace('_', '-')}"),
        legend(keys(drawn)),
        reading(bargains(metric, rows, name, cost.told)),
        note(f"Too far off to be drawn: {'; '.join(left_out)}.") if left_out else None,
    )


def _scaled(value: Spread, unit: float) -> Spread:
    sd = None if value.sd is None else value.sd / unit
    return Spread(mean=value.mean / unit, sd=sd)


def _told(row: Row, metric: str, name: str, cost: _Cost) -> str:
    value, much = wording.with_spread(row.test[metric]), cost.told(row.costs[name].mean)
    return f"{row.named}: {title_of(metric)} {value}, {cost.title.lower()} {much}"


def _table(rows: Sequence[Row]) -> Markup | None:
    """Return what is known of the costs of all rows; None where that is nothing."""
    columns = {**_DRAWN, "epochs": _EPOCHS}
    known = {name: each for name, each in columns.items() if any(name in r.costs for r in rows)}
    if not known:
        return None
    cells: list[list[Child]] = [
        [row.named, *(each.told(_mean(row, name)) for name, each in known.items())] for row in rows
    ]
    return table(["Model", *(each.title for each in known.values())], cells, "costs of every model")


def _mean(row: Row, name: str) -> float | None:
    return row.costs[name].mean if name in row.costs else None

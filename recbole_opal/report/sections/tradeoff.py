"""Section 2: accuracy against diversity."""

from __future__ import annotations

from collections.abc import Sequence

from recbole_opal.report import numbers
from recbole_opal.report.labels import Box, place_labels, text_width
from recbole_opal.report.markup import Child, Markup, join, node
from recbole_opal.report.parts import Section, figure, legend, reading, tabs
from recbole_opal.report.plot import (
    NARROW,
    axes,
    drawing,
    error_bar,
    point,
    polyline,
    responsive,
)
from recbole_opal.report.readings import LESS_DIVERSE, frontier, listed
from recbole_opal.report.scale import Linear, outliers
from recbole_opal.report.series import FAMILIES, SHAPES
from recbole_opal.report.source import Comparison, Row
from recbole_opal.report.sweeps import sweeps

__all__ = ["tradeoff"]

_MEASURES = ("category_diversity", "coverage", "intra_list_similarity", "gini")


def tradeoff(comparison: Comparison) -> Section | None:
    """Return the section; None where no diversity was measured."""
    panels: dict[str, Child] = {}
    for measure in _MEASURES:
        name = f"{measure}@{comparison.k}"
        rows = [row for row in comparison.done if name in row.test]
        if rows:
            panels[numbers.metric_name(name)] = _panel(comparison, rows, name)
    if not panels:
        return None
    return Section("diversity", "Accuracy against diversity", tabs("diversity-tabs", panels))


def _panel(comparison: Comparison, rows: list[Row], measure: str) -> Markup:
    slug = measure.replace("_", "-").replace("@", "-at-")
    keys = [(f, FAMILIES[f]) for f in FAMILIES if any(row.family == f for row in rows)]

    def draw(name: str, width: int) -> Markup:
        return _scatter(comparison, drawn, measure, name, width)

    far = outliers([row.test[comparison.metric].mean for row in rows])
    drawn = [row for row, off in zip(rows, far, strict=True) if not off]
    left_out = [row for row, off in zip(rows, far, strict=True) if off]
    return figure(
        join(legend(keys), responsive(draw, f"tradeoff-{slug}")),
        reading(frontier(comparison, rows, measure)),
        _not_drawn(left_out, comparison.metric, measure),
    )


def _not_drawn(rows: list[Row], metric: str, measure: str) -> Markup | None:
    if not rows:
        return None
    told = listed([_tip(row, metric, measure) for row in rows], len(rows))
    return node("p", f"Too far off to be drawn: {told}.", class_="note")


def _scatter(
    comparison: Comparison, rows: list[Row], measure: str, name: str, width: int
) -> Markup:
    metric = comparison.metric
    height = 460.0 if width > NARROW else 480.0
    frame = Box(52, 36, width - 12, height - 46)
    x = Linear.over(_reach(rows, measure), frame.left, frame.right, padding=0.1)
    y = Linear.over(_reach(rows, metric), frame.bottom, frame.top, padding=0.08)
    parts: list[Markup] = [
        axes(frame, x, y, _axis_name(measure), numbers.metric_name(metric)),
    ]
    places = [(x.at(row.test[measure].mean), y.at(row.test[metric].mean)) for row in rows]
    for sweep in sweeps(rows):
        if sweep[0].family == "opal":
            line = [places[rows.index(row)] for row in sweep]
            parts.append(node("g", polyline(line, f"line {sweep[0].stage}"), class_="opal"))
    for row, (px, py) in zip(rows, places, strict=True):
        parts.append(_mark(row, metric, measure, x, y, px, py))
    order = sorted(range(len(rows)), key=lambda i: (rows[i].family != "opal", i))
    names = [_label(row, width) for row in rows]
    widths = [
        text_width(name, bold=row.family == "opal") for name, row in zip(names, rows, strict=True)
    ]
    labels = place_labels([places[i] for i in order], [widths[i] for i in order], frame)
    for index, label in zip(order, labels, strict=True):
        px, py = places[index]
        if label.far:
            middle = label.x + (0 if label.x > px else 1) * widths[index]
            parts.append(node("line", x1=px, y1=py, x2=middle, y2=label.y - 4, class_="leader"))
        kind = f"label {rows[index].family}"
        parts.append(node("text", names[index], x=label.x, y=label.y, class_=kind))
    title = f"{numbers.metric_name(metric)} against {numbers.metric_name(measure)}"
    description = "; ".join(_tip(row, metric, measure) for row in rows)
    return drawing(name, width, height, title, description, parts)


def _mark(
    row: Row, metric: str, measure: str, x: Linear, y: Linear, px: float, py: float
) -> Markup:
    bars = []
    across, up = row.test[measure], row.test[metric]
    if across.sd:
        bars.append(error_bar(x.at(across.mean - across.sd), py, x.at(across.mean + across.sd), py))
    if up.sd:
        bars.append(error_bar(px, y.at(up.mean - up.sd), px, y.at(up.mean + up.sd)))
    mark = point(px, py, SHAPES[row.family], _tip(row, metric, measure))
    return node("g", bars, mark, class_=row.family)


def _label(row: Row, width: int) -> str:
    """Return the row's name; on a phone OPAL's colour says that it is OPAL."""
    if width <= NARROW and row.family == "opal" and row.short.startswith("OPAL K="):
        return row.short.removeprefix("OPAL ")
    return row.short


def _tip(row: Row, metric: str, measure: str) -> str:
    values = [
        f"{numbers.metric_name(n)} {numbers.with_spread(row.test[n].mean, row.test[n].sd)}"
        for n in (metric, measure)
    ]
    return f"{row.short}: {', '.join(values)}"


def _reach(rows: Sequence[Row], metric: str) -> list[float]:
    values = [row.test[metric] for row in rows]
    return [v.mean + sign * (v.sd or 0) for v in values for sign in (-1, 1)]


def _axis_name(measure: str) -> str:
    lower = measure.partition("@")[0] in LESS_DIVERSE
    return f"{numbers.metric_name(measure)} ({'less' if lower else 'more'} diverse →)"

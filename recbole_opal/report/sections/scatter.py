"""Rows as points with error bars and names: one metric against another."""

from __future__ import annotations

from collections.abc import Sequence

from recbole_opal.evaluation.direction import bigger_is_better
from recbole_opal.report import numbers
from recbole_opal.report.labels import Box, place_labels, text_width
from recbole_opal.report.markup import Markup, node
from recbole_opal.report.plot import NARROW, axes, drawing, error_bar, point, polyline
from recbole_opal.report.scale import Linear
from recbole_opal.report.series import SHAPES
from recbole_opal.report.source import Row, Value
from recbole_opal.report.sweeps import sweeps

__all__ = ["scatter", "values_told"]

_Bar = tuple[float, float, float, float]


def scatter(rows: list[Row], metric: str, measure: str, name: str, width: int) -> Markup:
    """Return the picture in one width.

    Args:
        rows: all have both metrics.
        metric: of accuracy, upwards.
        measure: of diversity, to the right.
        name: unique in the page.
        width: pixels.
    """
    height = 460.0 if width > NARROW else 480.0
    frame = Box(52, 36, width - 12, height - 46)
    x = Linear.over(_reach(rows, measure), frame.left, frame.right, padding=0.1)
    y = Linear.over(_reach(rows, metric), frame.bottom, frame.top, padding=0.08)
    places = [(x.at(row.test[measure].mean), y.at(row.test[metric].mean)) for row in rows]
    bars = [_bars(row.test[measure], row.test[metric], x, y) for row in rows]
    parts = [axes(frame, x, y, _axis_name(measure), numbers.axis_name(metric))]
    for sweep in sweeps(rows):
        if sweep[0].family == "opal":
            line = [places[rows.index(row)] for row in sweep]
            parts.append(node("g", polyline(line, f"line {sweep[0].stage}"), class_="opal"))
    for row, place, own in zip(rows, places, bars, strict=True):
        mark = point(*place, SHAPES[row.family], values_told(row, metric, measure))
        parts.append(node("g", [error_bar(*bar) for bar in own], mark, class_=row.family))
    obstacles = [_box(bar) for own in bars for bar in own]
    parts += _names(rows, places, frame, obstacles, width)
    title = f"{numbers.metric_name(metric)} against {numbers.metric_name(measure)}"
    description = "; ".join(values_told(row, metric, measure) for row in rows)
    return drawing(name, width, height, title, description, parts)


def values_told(row: Row, metric: str, measure: str) -> str:
    """Return a row's name and both values in words."""
    values = [
        f"{numbers.metric_name(n)} {numbers.with_spread(row.test[n].mean, row.test[n].sd)}"
        for n in (metric, measure)
    ]
    return f"{row.short}: {', '.join(values)}"


def _names(
    rows: list[Row],
    places: list[tuple[float, float]],
    frame: Box,
    obstacles: list[Box],
    width: int,
) -> list[Markup]:
    """Return the names beside the points, OPAL's first where room is short."""
    order = sorted(range(len(rows)), key=lambda i: (rows[i].family != "opal", i))
    texts = [_short(rows[i], width) for i in order]
    widths = [
        text_width(text, bold=rows[i].family == "opal")
        for i, text in zip(order, texts, strict=True)
    ]
    labels = place_labels([places[i] for i in order], widths, frame, obstacles)
    parts = []
    for i, text, long, label in zip(order, texts, widths, labels, strict=True):
        px, py = places[i]
        if label.far:
            end = label.x if label.x > px else label.x + long
            parts.append(node("line", x1=px, y1=py, x2=end, y2=label.y - 4, class_="leader"))
        parts.append(node("text", text, x=label.x, y=label.y, class_=f"label {rows[i].family}"))
    return parts


def _short(row: Row, width: int) -> str:
    """Return the row's name; on a phone OPAL's colour says that it is OPAL."""
    if width <= NARROW and row.family == "opal" and row.short.startswith("OPAL K="):
        return row.short.removeprefix("OPAL ")
    return row.short


def _bars(across: Value, up: Value, x: Linear, y: Linear) -> list[_Bar]:
    px, py = x.at(across.mean), y.at(up.mean)
    found = []
    if across.sd:
        found.append((x.at(across.mean - across.sd), py, x.at(across.mean + across.sd), py))
    if up.sd:
        found.append((px, y.at(up.mean + up.sd), px, y.at(up.mean - up.sd)))
    return found


def _box(bar: _Bar) -> Box:
    return Box(bar[0] - 1, bar[1] - 1, bar[2] + 1, bar[3] + 1)


def _reach(rows: Sequence[Row], metric: str) -> list[float]:
    values = [row.test[metric] for row in rows]
    return [v.mean + sign * (v.sd or 0) for v in values for sign in (-1, 1)]


def _axis_name(measure: str) -> str:
    side = "more" if bigger_is_better(measure) else "less"
    return f"{numbers.metric_name(measure)} ({side} diverse →)"

"""Accuracy against diversity: rows as points with error bars and names."""

from __future__ import annotations

from collections.abc import Sequence

from recbole_opal.comparison.row import Row
from recbole_opal.evaluation.direction import bigger_is_better, title_of
from recbole_opal.report import wording
from recbole_opal.report.charts import drawing
from recbole_opal.report.charts.labels import Box, Point, place_labels, text_width
from recbole_opal.report.charts.scale import Linear
from recbole_opal.report.markup import Markup, node
from recbole_opal.report.rows import sweeps

__all__ = ["point_told", "scatter_picture"]


def scatter_picture(
    rows: Sequence[Row], metric: str, measure: str, name: str, width: int
) -> Markup:
    """Return accuracy, upwards, against diversity, to the right."""
    height = 460.0 if width > drawing.NARROW else 480.0
    frame = Box(52, 36, width - 12, height - 46)
    x = Linear.over(_reach(rows, measure), frame.left, frame.right, padding=0.1)
    y = Linear.over(_reach(rows, metric), frame.bottom, frame.top, padding=0.08)
    side = "more" if bigger_is_better(measure) else "less"
    x_title = f"{title_of(measure)} ({side} diverse →)"
    parts = [drawing.axes(frame, x, y, (x_title, wording.axis_name(metric)))]
    places = {id(row): (x.at(row.test[measure].mean), y.at(row.test[metric].mean)) for row in rows}
    for sweep in sweeps(rows):
        if sweep[0].family == "opal":
            line = drawing.polyline([places[id(row)] for row in sweep], f"line {sweep[0].stage}")
            parts.append(node("g", line, class_="opal"))
    obstacles = []
    for row in rows:
        across, up = row.test[measure], row.test[metric]
        px, py = places[id(row)]
        bars = []
        if across.sd:
            bars.append((x.at(across.mean - across.sd), py, x.at(across.mean + across.sd), py))
        if up.sd:
            bars.append((px, y.at(up.mean + up.sd), px, y.at(up.mean - up.sd)))
        obstacles += [Box(x1 - 1, y1 - 1, x2 + 1, y2 + 1) for x1, y1, x2, y2 in bars]
        mark = drawing.point(px, py, row.family, point_told(row, metric, measure))
        errors = [drawing.stroke(*bar, "error") for bar in bars]
        parts.append(node("g", errors, mark, class_=row.family))
    parts += _names(rows, places, frame, obstacles, width)
    title = f"{title_of(metric)} against {title_of(measure)}"
    description = "; ".join(point_told(row, metric, measure) for row in rows)
    return drawing.picture(name, width, height, title, description, parts)


def point_told(row: Row, metric: str, measure: str) -> str:
    """Return a row's name and both values in words."""
    values = [
        f"{title_of(name)} {wording.with_spread(row.test[name])}" for name in (metric, measure)
    ]
    return f"{row.short}: {', '.join(values)}"


def _reach(rows: Sequence[Row], metric: str) -> list[float]:
    values = [row.test[metric] for row in rows]
    return [value.mean + sign * (value.sd or 0) for value in values for sign in (-1, 1)]


def _names(
    rows: Sequence[Row], places: dict[int, Point], frame: Box, bars: Sequence[Box], width: int
) -> list[Markup]:
    """Return the names beside the points and off the bars, OPAL's first where room is short."""
    ordered = sorted(rows, key=lambda row: row.family != "opal")
    texts = [_name(row, width) for row in ordered]
    widths = [text_width(texts[i], bold=row.family == "opal") for i, row in enumerate(ordered)]
    labels = place_labels([places[id(row)] for row in ordered], widths, frame, bars)
    parts = []
    for row, text, long, label in zip(ordered, texts, widths, labels, strict=True):
        if label.far:
            px, py = places[id(row)]
            end = label.x if label.x > px else label.x + long
            parts.append(drawing.stroke(px, py, end, label.y - 4, "leader"))
        parts.append(drawing.words(label.x, label.y, text, f"label {row.family}"))
    return parts


def _name(row: Row, width: int) -> str:
    """Return the row's name; on a phone OPAL's colour says that it is OPAL."""
    plain = width <= drawing.NARROW and row.family == "opal" and row.short.startswith("OPAL K=")
    return row.short.removeprefix("OPAL ") if plain else row.short

"""Recall against milliseconds a user, a line a kind."""

from __future__ import annotations

import math
from collections.abc import Sequence

from recbole_opal.index_report.measuring import Measured
from recbole_opal.report.charts import drawing
from recbole_opal.report.charts.labels import Box
from recbole_opal.report.charts.scale import Linear
from recbole_opal.report.markup import Markup, join, node
from recbole_opal.report.rows import colour

__all__ = ["picture"]

_STEPS = (1, 2, 5)


def picture(exact: Measured, found: Sequence[Measured], k: int, wanted: float) -> Markup:
    """Return a legend and the picture in both widths; time runs in powers of ten, left is faster.

    A dashed line shows the recall that is `wanted`.
    """
    every = [exact, *found]
    kinds = list(dict.fromkeys(each.kind for each in every))
    told = "; ".join(f"{each.name}: {each.recall:.4f}, {_time(each)}" for each in every)

    def draw(unique: str, width: int) -> Markup:
        frame = Box(52, 36, width - 16, 330)
        times = [math.log10(each.milliseconds) for each in every]
        x = Linear.over(times, frame.left, frame.right)
        recalls = [each.recall for each in every]
        y = Linear.over([*recalls, wanted], frame.bottom, frame.top)
        parts = [_axes(frame, x, y, f"recall@{k}, higher is better")]
        parts.append(drawing.stroke(frame.left, y.at(wanted), frame.right, y.at(wanted), "zero"))
        for number, kind in enumerate(kinds):
            line = [each for each in every if each.kind == kind]
            parts.append(_series(number, line, x, y))
        title = "Recall against time"
        return drawing.picture(unique, width, frame.bottom + 46, title, told, parts)

    keys = [
        node("span", node("i", data_colour=colour(number)), kind, class_="key")
        for number, kind in enumerate(kinds)
    ]
    return join(node("p", keys, class_="legend"), drawing.responsive(draw, "recall-time"))


def _series(number: int, line: Sequence[Measured], x: Linear, y: Linear) -> Markup:
    places = [(x.at(math.log10(each.milliseconds)), y.at(each.recall)) for each in line]
    marks = [
        drawing.point(px, py, "opal", f"{each.name}: recall {each.recall:.4f}, {_time(each)}")
        for (px, py), each in zip(places, line, strict=True)
    ]
    way = drawing.polyline(places) if len(places) > 1 else None
    return node("g", way, marks, class_="series on", data_colour=colour(number))


def _axes(frame: Box, x: Linear, y: Linear, title: str) -> Markup:
    parts = [
        drawing.level_grid(frame, y, 5, 7),
        drawing.stroke(frame.left, frame.bottom, frame.right, frame.bottom, "axis"),
    ]
    for value in _ticks(x, 9 if frame.right - frame.left > 400 else 4):
        at = x.at(math.log10(value))
        parts.append(drawing.stroke(at, frame.bottom, at, frame.bottom + 4, "axis"))
        parts.append(drawing.words(at, frame.bottom + 17, f"{value:g}", "tick middle"))
    middle = (frame.left + frame.right) / 2
    parts.append(
        drawing.words(middle, frame.bottom + 36, "milliseconds a user", "axis-title middle")
    )
    parts.append(drawing.words(2.0, frame.top - 12, title, "axis-title"))
    return node("g", parts)


def _ticks(x: Linear, most: int) -> list[float]:
    """Return round values on a scale of powers of ten: 1, 2, 5, 10, or, of many, 1 and 10."""
    powers = range(math.floor(x.low), math.ceil(x.high) + 1)
    for steps in (_STEPS, _STEPS[:1]):
        values = [step * 10.0**power for power in powers for step in steps]
        shown = [value for value in values if x.low <= math.log10(value) <= x.high]
        if len(shown) <= most:
            break
    return shown


def _time(each: Measured) -> str:
    return f"{each.milliseconds:.4g} ms a user"

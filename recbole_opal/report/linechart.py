"""Lines over named steps: one lit line for each row that matters, quiet ones for the rest."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from recbole_opal.report.endlabels import EndLabel, end_labels
from recbole_opal.report.labels import Box, text_width
from recbole_opal.report.markup import Markup, node
from recbole_opal.report.plot import (
    NARROW,
    axes,
    drawing,
    error_bar,
    point,
    polyline,
    responsive,
)
from recbole_opal.report.scale import Linear, Steps
from recbole_opal.report.series import SHAPES
from recbole_opal.report.source import Family

__all__ = ["Line", "line_chart"]


@dataclass(frozen=True)
class Line:
    """One line of the chart.

    Attributes:
        name: what it is called.
        family: gives the shape of its points.
        values: one a step, NaN where there is none.
        errors: half the length of each error bar.
        colour: name of its colour, when it is lit.
        lit: whether it stands out at first.
        dashed: whether the line is dashed.
        bridged: whether the line goes on over steps without a value.
    """

    name: str
    family: Family
    values: Sequence[float]
    errors: Sequence[float]
    colour: str
    lit: bool
    dashed: bool = False
    bridged: bool = False


def line_chart(
    name: str, title: str, lines: Sequence[Line], steps: Sequence[str], x_title: str, y_title: str
) -> Markup:
    """Return the chart in both widths.

    Args:
        name: unique in the page.
        title: what it shows.
        lines: their order is the order of the chips beside it.
        steps: names along the x axis.
        x_title: of the axis.
        y_title: of the axis.
    """

    def draw(unique: str, width: int) -> Markup:
        return _draw(unique, width, title, lines, steps, x_title, y_title)

    return responsive(draw, name)


def _draw(
    name: str, width: int, title: str, lines: Sequence[Line], steps: Sequence[str],
    x_title: str, y_title: str,
) -> Markup:  # fmt: skip
    lit = [line for line in lines if line.lit]
    room = max((text_width(line.name) for line in lit), default=0.0) + 26
    beside = width > NARROW  # on a phone the chips alone tell which line is which
    frame = Box(52, 36, width - (room if beside else 10), 330 if beside else 300)
    x = Steps(steps, frame.left, frame.right)
    y = Linear.over(_reach(lines), frame.bottom, frame.top, zero=_starts_near_zero(lines))
    parts = [axes(frame, x, y, x_title, y_title)]
    ordered = sorted(enumerate(lines), key=lambda pair: pair[1].lit)  # the lit ones on top
    step = min(7.0, 0.6 * x.width / max(len(lit), 1))  # bars side by side, not on each other
    shifts = {line.name: step * (i - (len(lit) - 1) / 2) for i, line in enumerate(lit)}
    parts += [
        _series(index, line, steps, x, y, shifts.get(line.name, 0.0)) for index, line in ordered
    ]
    if beside:
        ends = [_end(i, line, x, y, shifts[line.name]) for i, line in enumerate(lines) if line.lit]
        parts.append(end_labels([end for end in ends if end is not None], frame))
    told = "; ".join(
        f"{line.name}: {', '.join(_value(value) for value in line.values)}" for line in lit
    )
    return drawing(name, width, frame.bottom + 46, title, f"{x_title}: {told}", parts)


def _series(
    index: int, line: Line, steps: Sequence[str], x: Steps, y: Linear, shift: float
) -> Markup:
    places = [(x.at(i) + shift, y.at(value)) for i, value in enumerate(line.values)]
    bars, marks = [], []
    for (px, py), value, error, step in zip(places, line.values, line.errors, steps, strict=True):
        if not math.isfinite(value):
            continue
        if math.isfinite(error) and error > 0:
            low, high = max(value - error, y.low), min(value + error, y.high)
            bars.append(error_bar(px, y.at(low), px, y.at(high)))
        tip = f"{line.name}, {step}: {_value(value)}"
        tip += f" ± {error:.4f}" if math.isfinite(error) and error > 0 else ""
        marks.append(point(px, py, SHAPES[line.family], tip))
    return node(
        "g",
        bars,
        polyline(
            [place for place in places if math.isfinite(place[1])] if line.bridged else places,
            "line dashed" if line.dashed else "line",
        ),
        marks,
        class_="series on" if line.lit else "series",
        data_colour=line.colour,
        data_series=str(index),
    )


def _reach(lines: Sequence[Line]) -> list[float]:
    found = []
    for line in lines:
        for value, error in zip(line.values, line.errors, strict=True):
            size = error if line.lit and math.isfinite(error) else 0.0
            found += [max(value - size, min(value, 0.0)), value + size]
    return found


def _starts_near_zero(lines: Sequence[Line]) -> bool:
    """Return whether 0 is so close that the axis should start there."""
    values = [v for line in lines for v in line.values if math.isfinite(v)]
    return bool(values) and min(values) >= 0 and min(values) < 0.35 * max(values)


def _end(index: int, line: Line, x: Steps, y: Linear, shift: float) -> EndLabel | None:
    """Return the label at the last step that has a value, None if none has."""
    last = max((i for i, value in enumerate(line.values) if math.isfinite(value)), default=None)
    if last is None:
        return None
    return EndLabel(index, line.name, line.colour, x.at(last) + shift, y.at(line.values[last]))


def _value(value: float) -> str:
    return f"{value:.4f}" if math.isfinite(value) else "none"

"""Lines over named steps: one lit line for each row that matters, quiet ones for the rest."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from recbole_opal.comparison.row import Family
from recbole_opal.report.charts import drawing
from recbole_opal.report.charts.labels import Box, Point, spread, text_width
from recbole_opal.report.charts.scale import Linear
from recbole_opal.report.markup import Markup, node

__all__ = ["Line", "end_labels", "line_chart", "line_picture"]

_GAP = 15.0


@dataclass(frozen=True)
class Line:
    """One line of the chart, in a colour that counts when it is lit; see `rows.colour`."""

    name: str
    family: Family
    values: Sequence[float]  # one a step, NaN where there is none
    errors: Sequence[float]  # half the length of each error bar, 0 or NaN where there is none
    colour: str
    lit: bool = True
    dashed: bool = False
    bridged: bool = False  # whether it goes on over steps without a value
    signed: bool = False  # whether its bars may cross 0, as those of differences do


def line_chart(
    name: str,
    title: str,
    lines: Sequence[Line],
    steps: Sequence[str],
    titles: tuple[str, str],
    at: Sequence[float] | None = None,
) -> Markup:
    """Return the chart in both widths, with titles of x and y.

    The order of the lines is that of the chips beside it. Steps that are numbers stand, rising,
    `at` their places on a scale; others are equally far apart.
    """

    def draw(unique: str, width: int) -> Markup:
        return line_picture(unique, title, lines, steps, titles, width, at)

    return drawing.responsive(draw, name)


def line_picture(
    name: str,
    title: str,
    lines: Sequence[Line],
    steps: Sequence[str],
    titles: tuple[str, str],
    width: int = drawing.WIDE,
    at: Sequence[float] | None = None,
) -> Markup:
    """Return the chart in one width; a wide one names its lit lines at their ends."""
    lit = [index for index, line in enumerate(lines) if line.lit]
    told = "; ".join(f"{lines[i].name}: {', '.join(map(_value, lines[i].values))}" for i in lit)
    names = max((text_width(lines[i].name) for i in lit), default=0.0) + 26
    beside = width > drawing.NARROW  # on a phone the chips alone tell which line is which
    frame = Box(52, 36, width - (names if beside else 10), 330 if beside else 300)
    if at is None:
        at, x = range(len(steps)), Linear.of_steps(len(steps), frame.left, frame.right)
    else:
        x = Linear.over(at, frame.left, frame.right)
    y = Linear.over(_reach(lines), frame.bottom, frame.top, zero=_starts_near_zero(lines))
    # Bars stand side by side, not on each other.
    closest = min((b - a for a, b in zip(at, at[1:], strict=False)), default=1.0)
    barred = any(error > 0 for index in lit for error in lines[index].errors)
    apart = min(7.0, 0.6 * (x.at(closest) - x.at(0)) / max(len(lit), 1)) if barred else 0.0
    shifts = {index: apart * (i - (len(lit) - 1) / 2) for i, index in enumerate(lit)}
    places = [
        [(x.at(i) + shifts.get(index, 0.0), y.at(v)) for i, v in zip(at, line.values, strict=True)]
        for index, line in enumerate(lines)
    ]
    parts = [drawing.axes(frame, x, y, titles, [*zip(at, steps, strict=True)])]
    for index in sorted(range(len(lines)), key=lambda i: lines[i].lit):  # the lit ones on top
        parts.append(_series(index, lines[index], steps, places[index], y))
    if beside:
        ends = {i: way[-1] for i in lit if (way := _finite(places[i]))}
        parts.append(end_labels(lines, ends, frame))
    height, description = frame.bottom + 46, f"{titles[0]}: {told}"
    return drawing.picture(name, width, height, title, description, parts)


def _series(
    index: int, line: Line, steps: Sequence[str], places: Sequence[Point], y: Linear
) -> Markup:
    bars, marks = [], []
    for step, (px, py), value, error in zip(steps, places, line.values, line.errors, strict=True):
        if not math.isfinite(value):
            continue
        tip = f"{line.name}, {step}: {_value(value)}"
        if error > 0:
            low, high = max(value - error, y.low), min(value + error, y.high)
            bars.append(drawing.stroke(px, y.at(low), px, y.at(high), "error"))
            tip += f" ± {error:.4f}"
        marks.append(drawing.point(px, py, line.family, tip))
    way = _finite(places) if line.bridged else places
    drawn = drawing.polyline(way, "line dashed" if line.dashed else "line")
    kind = "series on" if line.lit else "series"
    colours = {"data_colour": line.colour, "data_series": str(index)}
    return node("g", bars, drawn, marks, class_=kind, **colours)


def _finite(places: Sequence[Point]) -> list[Point]:
    return [place for place in places if math.isfinite(place[1])]


def _reach(lines: Sequence[Line]) -> list[float]:
    found = []
    for line in lines:
        for value, each in zip(line.values, line.errors, strict=True):
            error = each if line.lit and each > 0 else 0.0
            low = value - error if line.signed else max(value - error, min(value, 0.0))
            found += [low, value + error]
    return found


def _starts_near_zero(lines: Sequence[Line]) -> bool:
    """Return whether 0 is so close that the axis should start there."""
    values = [value for line in lines for value in line.values if math.isfinite(value)]
    return bool(values) and 0 <= min(values) < 0.35 * max(values)


def _value(value: float) -> str:
    return f"{value:.4f}" if math.isfinite(value) else "none"


def end_labels(lines: Sequence[Line], ends: dict[int, Point], frame: Box) -> Markup:
    """Return the names of lines that end somewhere, right of the frame, none on another.

    Each is led to from its line's end.
    """
    places = spread([y for _, y in ends.values()], _GAP, frame.top + 4, frame.bottom - 4)
    parts = []
    for (index, (x, y)), place in zip(ends.items(), places, strict=True):
        way = f"M{x + 7:.1f} {y:.1f}L{frame.right + 4:.1f} {place:.1f}"
        leader = node("path", d=way, class_="leader own", data_colour=lines[index].colour)
        name = drawing.words(frame.right + 8, place + 4, lines[index].name, "label")
        parts.append(node("g", leader, name, data_label=str(index)))
    return node("g", parts)

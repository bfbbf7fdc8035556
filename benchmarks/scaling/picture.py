"""Memory and seconds against the number of items, both in decades: measured, and calculated."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from recbole_opal.report.charts import drawing
from recbole_opal.report.charts.labels import Box, spread
from recbole_opal.report.charts.scale import Linear
from recbole_opal.report.markup import Markup, node
from recbole_opal.report.rows import colour
from recbole_opal.studies.pictures.standalone import standalone

_WIDTH, _HEIGHT, _NAMES = 820, 380, 210


@dataclass(frozen=True)
class Curve:
    """A cost against items: points that were measured, a line that goes on by the model."""

    name: str
    measured: Sequence[tuple[float, float]]
    calculated: Sequence[tuple[float, float]]


class _Decades(Linear):
    """A scale of logarithms whose ticks are powers of ten."""

    def ticks(self, wanted: int = 5) -> list[tuple[float, str]]:
        """Return each whole power of ten with its name."""
        powers = range(math.ceil(self.low), math.floor(self.high) + 1)
        return [(float(power), _power(power)) for power in powers]


def write_picture(panels: Mapping[str, Sequence[Curve]], bound: float) -> str:
    """Return the file of a picture, a panel for each title of a y axis; bytes come first.

    `bound`, in the unit of the first panel, is drawn across it.
    """
    parts, told = [], []
    for number, (title, curves) in enumerate(panels.items()):
        frame = Box(60, 40 + number * _HEIGHT, _WIDTH - _NAMES, (number + 1) * _HEIGHT - 30)
        parts.append(_panel(title, curves, frame, None if number else bound))
        told.append(f"{title}: {', '.join(curve.name for curve in curves)}")
    height = len(panels) * _HEIGHT + 20
    title = "Cost against the number of items"
    return standalone(drawing.picture("scale", _WIDTH, height, title, "; ".join(told), parts))


def _panel(title: str, curves: Sequence[Curve], frame: Box, bound: float | None) -> Markup:
    points = [point for curve in curves for point in (*curve.measured, *curve.calculated)]
    levels = [math.log10(y) for _, y in points] + ([math.log10(bound)] if bound else [])
    xs = [math.log10(x) for x, _ in points]
    x = _Decades(min(xs) - 0.1, max(xs) + 0.1, frame.left, frame.right)
    y = _Decades(min(levels) - 0.2, max(levels) + 0.2, frame.bottom, frame.top)
    parts = [drawing.axes(frame, x, y, ("items", title))]
    ends = []
    for number, curve in enumerate(curves):
        line = [(x.at(math.log10(a)), y.at(math.log10(b))) for a, b in curve.calculated]
        marks = [
            drawing.point(
                x.at(math.log10(a)), y.at(math.log10(b)), "opal", f"{curve.name}: {a:.0e}: {b:.3g}"
            )
            for a, b in curve.measured
        ]
        parts.append(
            node("g", drawing.polyline(line, "line dashed"), marks, data_colour=colour(number))
        )
        ends.append(line[-1][1])
    places = spread(ends, 15.0, frame.top + 4, frame.bottom - 4)
    for curve, place in zip(curves, places, strict=True):
        parts.append(drawing.words(frame.right + 8, place + 4, curve.name, "label"))
    if bound:
        level = y.at(math.log10(bound))
        parts.append(drawing.stroke(frame.left, level, frame.right, level, "zero"))
        parts.append(drawing.words(frame.left + 6, level - 5, "one machine's memory", "tick"))
    return node("g", parts)


def _power(power: int) -> str:
    digits = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
    return f"10{str(power).translate(digits)}"

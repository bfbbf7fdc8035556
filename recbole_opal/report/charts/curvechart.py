"""Curves in a plane: what two numbers do as a knob is turned."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from recbole_opal.comparison.row import Family
from recbole_opal.report.charts import drawing
from recbole_opal.report.charts.labels import Box
from recbole_opal.report.charts.scale import Linear
from recbole_opal.report.markup import Markup, node

__all__ = ["Curve", "curve_chart"]


@dataclass(frozen=True)
class Curve:
    """Points in the order of the knob, in a colour that counts when they are lit."""

    name: str
    family: Family
    xs: Sequence[float]
    ys: Sequence[float]
    tips: Sequence[str]  # what each point tells when it is pointed at
    colour: str
    lit: bool = True
    dashed: bool = False


def curve_chart(name: str, title: str, curves: Sequence[Curve], titles: tuple[str, str]) -> Markup:
    """Return the chart in both widths, with titles of x and y.

    The order of the curves is that of the chips beside it, which tell their names.
    """
    told = "; ".join(f"{curve.tips[0]} to {curve.tips[-1]}" for curve in curves if curve.lit)

    def draw(unique: str, width: int) -> Markup:
        frame = Box(52, 36, width - 12, 400 if width > drawing.NARROW else 300)
        across = [x for curve in curves for x in curve.xs]
        up = [y for curve in curves for y in curve.ys]
        x = Linear.over(across, frame.left, frame.right)
        y = Linear.over(up, frame.bottom, frame.top)
        parts = [drawing.axes(frame, x, y, titles)]
        for index in sorted(range(len(curves)), key=lambda i: curves[i].lit):  # lit ones on top
            parts.append(_series(index, curves[index], x, y))
        return drawing.picture(unique, width, frame.bottom + 46, title, told, parts)

    return drawing.responsive(draw, name)


def _series(index: int, curve: Curve, x: Linear, y: Linear) -> Markup:
    places = [(x.at(one), y.at(other)) for one, other in zip(curve.xs, curve.ys, strict=True)]
    marks = [
        drawing.point(*place, curve.family, tip)
        for place, tip in zip(places, curve.tips, strict=True)
    ]
    return node(
        "g",
        drawing.polyline(places, "line dashed" if curve.dashed else "line"),
        marks,
        class_="series on" if curve.lit else "series",
        data_colour=curve.colour,
        data_series=str(index),
    )

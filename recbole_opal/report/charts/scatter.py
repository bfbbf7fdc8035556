"""Rows as points with error bars and names: accuracy against diversity, or against a cost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from recbole_opal.comparison.row import Family, Spread
from recbole_opal.report.charts import drawing
from recbole_opal.report.charts.labels import Box, Point, along, place_labels, text_width
from recbole_opal.report.charts.scale import Linear, Logarithmic, Scale
from recbole_opal.report.markup import Markup, node

__all__ = ["Dot", "Way", "scatter_picture"]


@dataclass(frozen=True)
class Dot:
    """A row: where it stands, and how it looks; without a colour it has its family's."""

    name: str
    family: Family
    across: Spread
    up: Spread
    tip: str
    colour: str | None = None

    def reach(self, value: Spread) -> tuple[float, float]:
        """Return the ends of its error bar."""
        return value.mean - (value.sd or 0), value.mean + (value.sd or 0)


class Way(NamedTuple):
    """A line that joins dots, named by their places; without a colour it has their family's."""

    dots: Sequence[int]
    dashed: bool
    colour: str | None = None


def scatter_picture(
    name: str,
    width: int,
    title: str,
    dots: Sequence[Dot],
    titles: tuple[str, str],
    *,
    ways: Sequence[Way] = (),
    logarithmic: bool = False,
) -> Markup:
    """Return the picture in one width, with titles of x and y.

    Names keep off points, bars, lines and each other; OPAL's come first where room is short.
    """
    height = 460.0 if width > drawing.NARROW else 480.0
    frame = Box(52, 36, width - 12, height - 46)
    across = [end for dot in dots for end in dot.reach(dot.across)]
    up = [end for dot in dots for end in dot.reach(dot.up)]
    x: Scale = (
        Logarithmic.over(across, frame.left, frame.right)
        if logarithmic
        else Linear.over(across, frame.left, frame.right, padding=0.1)
    )
    y = Linear.over(up, frame.bottom, frame.top, padding=0.08)
    places = [(x.at(dot.across.mean), y.at(dot.up.mean)) for dot in dots]
    grid = [Box(frame.left, y.at(t) - 0.5, frame.right, y.at(t) + 0.5) for t, _ in y.ticks(5)]
    parts, obstacles = [drawing.axes(frame, x, y, titles)], grid
    for way in ways:
        points = [places[index] for index in way.dots]
        line = drawing.polyline(points, "line dashed" if way.dashed else "line")
        family = dots[way.dots[0]].family
        parts.append(node("g", line, class_=family, data_colour=way.colour))
        obstacles += along(points)
    for dot, (px, py) in zip(dots, places, strict=True):
        bars = []
        if dot.across.sd:
            low, high = dot.reach(dot.across)
            bars.append((x.at(low) if low > 0 or not logarithmic else frame.left, py,
                         x.at(high), py))  # fmt: skip
        if dot.up.sd:
            low, high = dot.reach(dot.up)
            bars.append((px, y.at(high), px, y.at(low)))
        obstacles += [Box(x1 - 1, y1 - 1, x2 + 1, y2 + 1) for x1, y1, x2, y2 in bars]
        errors = [drawing.stroke(*bar, "error") for bar in bars]
        mark = drawing.point(px, py, dot.family, dot.tip)
        parts.append(node("g", errors, mark, class_=dot.family, data_colour=dot.colour))
    parts += _names(dots, places, frame, obstacles, width)
    description = "; ".join(dot.tip for dot in dots)
    return drawing.picture(name, width, height, title, description, parts)


def _names(
    dots: Sequence[Dot], places: Sequence[Point], frame: Box, obstacles: Sequence[Box], width: int
) -> list[Markup]:
    order = sorted(range(len(dots)), key=lambda index: dots[index].family != "opal")
    ordered, points = [dots[index] for index in order], [places[index] for index in order]
    texts = [_name(dot, width) for dot in ordered]
    widths = [text_width(text, bold=dot.family == "opal")
              for dot, text in zip(ordered, texts, strict=True)]  # fmt: skip
    labels = place_labels(points, widths, frame, obstacles)
    parts = []
    for dot, text, (px, py), long, label in zip(
        ordered, texts, points, widths, labels, strict=True
    ):
        if label.far:
            end = label.x if label.x > px else label.x + long
            parts.append(drawing.stroke(px, py, end, label.y - 4, "leader"))
        parts.append(drawing.words(label.x, label.y, text, f"label {dot.family}"))
    return parts


def _name(dot: Dot, width: int) -> str:
    """Return the dot's name; on a phone OPAL's colour says that it is OPAL."""
    plain = width <= drawing.NARROW and dot.family == "opal" and dot.name.startswith("OPAL K=")
    return dot.name.removeprefix("OPAL ") if plain else dot.name

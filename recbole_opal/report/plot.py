"""The parts every picture is made of: frame, axes, lines, points, error bars."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from recbole_opal.report.labels import Box
from recbole_opal.report.markup import Child, Markup, join, node
from recbole_opal.report.scale import Linear, Steps

__all__ = ["NARROW", "WIDE", "axes", "drawing", "error_bar", "point", "polyline", "responsive"]

WIDE, NARROW = 820, 350
"""Widths in pixels that a picture is drawn at; the style sheet shows the one that fits."""

_SHAPES = {
    "circle": "M-4.5 0A4.5 4.5 0 1 0 4.5 0A4.5 4.5 0 1 0 -4.5 0Z",
    "square": "M-4 -4H4V4H-4Z",
    "diamond": "M0 -5.6L5.6 0L0 5.6L-5.6 0Z",
    "triangle": "M0 -5.2L5 3.8H-5Z",
}


def drawing(
    name: str, width: float, height: float, title: str, description: str, *children: Child
) -> Markup:
    """Return an SVG picture that a screen reader can name.

    Args:
        name: unique in the page, letters, digits and `-`.
        width: pixels; the picture shrinks with its column, and never grows.
        height: pixels.
        title: what it shows.
        description: what can be read from it.
        *children: its elements.
    """
    return node(
        "svg",
        node("title", title, id=f"{name}-title"),
        node("desc", description, id=f"{name}-desc"),
        *children,
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {width:.0f} {height:.0f}",
        class_=f"w{width:.0f}",  # the style sheet has the greatest width
        role="img",
        aria_labelledby=f"{name}-title {name}-desc",
    )


def responsive(draw: Callable[[str, int], Markup], name: str) -> Markup:
    """Return a picture drawn twice, for a desktop and for a phone, of which one is shown.

    Args:
        draw: called with a unique name and the width.
        name: of the picture.
    """
    return join(
        node("div", draw(f"{name}-wide", WIDE), class_="wide"),
        node("div", draw(f"{name}-narrow", NARROW), class_="narrow"),
    )


def axes(frame: Box, x: Linear | Steps, y: Linear, x_title: str, y_title: str) -> Markup:
    """Return grid, ticks and titles; the y title stands above, where it needs no turned head."""
    ticks = y.ticks(5)
    parts: list[Markup] = []
    for tick, text in zip(ticks, y.tick_text(ticks), strict=True):
        height = y.at(tick)
        parts.append(_line(frame.left, height, frame.right, height, "grid"))
        parts.append(_tick(frame.left - 7, height + 4, text, "end"))
    parts.append(_line(frame.left, frame.bottom, frame.right, frame.bottom, "axis"))
    if isinstance(x, Steps):
        places = [(x.at(index), name) for index, name in enumerate(x.names)]
    else:
        wanted = x.ticks(4 if frame.right - frame.left < 400 else 7)
        places = [(x.at(t), name) for t, name in zip(wanted, x.tick_text(wanted), strict=True)]
    for place, name in places:
        parts.append(_line(place, frame.bottom, place, frame.bottom + 4, "axis"))
        parts.append(_tick(place, frame.bottom + 17, name, "middle"))
    middle = (frame.left + frame.right) / 2
    parts.append(node("text", x_title, x=middle, y=frame.bottom + 36, class_="axis-title middle"))
    parts.append(node("text", y_title, x=2.0, y=frame.top - 12, class_="axis-title"))
    return join(parts)


def polyline(points: Sequence[tuple[float, float]], class_: str = "line") -> Markup:
    """Return a line; it breaks where a point is not finite."""
    commands, pen_down = [], False
    for x, y in points:
        if not (math.isfinite(x) and math.isfinite(y)):
            pen_down = False
            continue
        commands.append(f"{'L' if pen_down else 'M'}{x:.1f} {y:.1f}")
        pen_down = True
    return node("path", d="".join(commands), class_=class_)


def point(x: float, y: float, shape: str, tip: str, class_: str = "point") -> Markup:
    """Return a mark that tells `tip` when it is pointed at."""
    return node(
        "path",
        node("title", tip),
        d=_SHAPES[shape],
        transform=f"translate({x:.1f} {y:.1f})",
        class_=f"{class_} mark",
    )


def error_bar(x1: float, y1: float, x2: float, y2: float) -> Markup:
    """Return a bar from one end of an interval to the other."""
    return _line(x1, y1, x2, y2, "error")


def _line(x1: float, y1: float, x2: float, y2: float, class_: str) -> Markup:
    return node("line", x1=x1, y1=y1, x2=x2, y2=y2, class_=class_)


def _tick(x: float, y: float, text: str, anchor: str) -> Markup:
    return node("text", text, x=x, y=y, class_=f"tick {anchor}")

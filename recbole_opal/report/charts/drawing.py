"""The parts every chart is made of: frame, axes, lines, points, error bars."""

import math
from collections.abc import Callable, Sequence

from recbole_opal.comparison.row import Family
from recbole_opal.report.charts.labels import Box, Point, text_width
from recbole_opal.report.charts.scale import Linear, Scale
from recbole_opal.report.markup import Child, Markup, join, node

WIDE, NARROW = 820, 350
"""Widths in pixels that a picture is drawn at; the style sheet shows the one that fits."""

_SHAPES: dict[Family, str] = {
    "opal": "M-4.5 0A4.5 4.5 0 1 0 4.5 0A4.5 4.5 0 1 0 -4.5 0Z",  # a circle
    "multi": "M0 -5.6L5.6 0L0 5.6L-5.6 0Z",  # a diamond
    "single": "M-4 -4H4V4H-4Z",  # a square
}


def picture(
    name: str, width: float, height: float, title: str, description: str, *children: Child
) -> Markup:
    """Return an SVG picture that a screen reader can name; its own name is unique in the page."""
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


def slug(metric: str) -> str:
    """Return a metric's name as it may stand in an id."""
    return metric.replace("_", "-").replace("@", "-at-")


def responsive(draw: Callable[[str, int], Markup], name: str) -> Markup:
    """Return a picture drawn twice, for a desktop and for a phone, of which one is shown."""
    return join(
        node("div", draw(f"{name}-wide", WIDE), class_="wide"),
        node("div", draw(f"{name}-narrow", NARROW), class_="narrow"),
    )


def axes(
    frame: Box,
    x: Scale,
    y: Linear,
    titles: tuple[str, str],
    steps: Sequence[tuple[float, str]] = (),
) -> Markup:
    """Return grid, ticks (or steps by place and name) and titles of x and y.

    The y title stands above, where it needs no turned head.
    """
    bottom, (x_title, y_title) = frame.bottom, titles
    parts = [level_grid(frame, y, 5, 7), stroke(frame.left, bottom, frame.right, bottom, "axis")]
    free = -math.inf  # where the last name ends
    for place, name in steps or x.ticks(4 if frame.right - frame.left < 400 else 7):
        at, half = x.at(place), 0.43 * text_width(name)  # which is rather too much
        parts.append(stroke(at, bottom, at, bottom + 4, "axis"))
        if at - half > free:  # a name that would lie on another is left away
            parts.append(words(at, bottom + 17, name, "tick middle"))
            free = at + half
    middle = (frame.left + frame.right) / 2
    parts.append(words(middle, bottom + 36, x_title, "axis-title middle"))
    parts.append(words(2.0, frame.top - 12, y_title, "axis-title"))
    return join(parts)


def level_grid(frame: Box, y: Linear, wanted: int, gap: float) -> Markup:
    """Return level lines at about `wanted` ticks, their values `gap` pixels left of the frame."""
    parts = []
    for tick, text in y.ticks(wanted):
        parts.append(stroke(frame.left, y.at(tick), frame.right, y.at(tick), "grid"))
        parts.append(words(frame.left - gap, y.at(tick) + 4, text, "tick end"))
    return join(parts)


def polyline(points: Sequence[Point], class_: str = "line") -> Markup:
    """Return a line; it breaks where a point is not finite."""
    way, pen = "", "M"
    for x, y in points:
        finite = math.isfinite(x) and math.isfinite(y)
        way += f"{pen}{x:.1f} {y:.1f}" if finite else ""
        pen = "L" if finite else "M"
    return node("path", d=way, class_=class_)


def point(x: float, y: float, family: Family, tip: str) -> Markup:
    """Return a mark in the shape of a family that tells `tip` when it is pointed at."""
    place = f"translate({x:.1f} {y:.1f})"
    return node("path", node("title", tip), d=_SHAPES[family], transform=place, class_="point mark")


def stroke(x1: float, y1: float, x2: float, y2: float, class_: str) -> Markup:
    """Return a straight line."""
    return node("line", x1=x1, y1=y1, x2=x2, y2=y2, class_=class_)


def words(x: float, y: float, text: str, class_: str) -> Markup:
    """Return a text at its left end, its middle or its right end, as its class says."""
    return node("text", text, x=float(x), y=y, class_=class_)

"""Names at the right ends of lines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from recbole_opal.report.labels import Box, spread
from recbole_opal.report.markup import Markup, node

__all__ = ["EndLabel", "end_labels"]

_GAP = 15.0


@dataclass(frozen=True)
class EndLabel:
    """The name of a line and where the line ends.

    Attributes:
        series: number of the line, by which the page's script finds the label.
        text: the name.
        colour: name of the line's colour.
        x: pixel of the line's last point.
        y: pixel of the line's last point.
    """

    series: int
    text: str
    colour: str
    x: float
    y: float


def end_labels(labels: Sequence[EndLabel], frame: Box) -> Markup:
    """Return the names right of the frame, each led to from its line's end, none on another.

    Args:
        labels: in any order.
        frame: of the lines.
    """
    places = spread([label.y for label in labels], _GAP, frame.top + 4, frame.bottom - 4)
    return node(
        "g", [_one(label, place, frame) for label, place in zip(labels, places, strict=True)]
    )


def _one(label: EndLabel, place: float, frame: Box) -> Markup:
    way = f"M{label.x + 7:.1f} {label.y:.1f}L{frame.right + 4:.1f} {place:.1f}"
    return node(
        "g",
        node("path", d=way, class_="leader own", data_colour=label.colour),
        node("text", label.text, x=frame.right + 8, y=place + 4, class_="label"),
        data_label=str(label.series),
    )

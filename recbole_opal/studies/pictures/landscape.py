"""A metric over two settings at once: a cell a run, its number in it, darker where better."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from recbole_opal.report.charts import drawing
from recbole_opal.report.markup import Markup, node
from recbole_opal.studies.pictures.standalone import standalone

__all__ = ["Landscape", "landscape_picture"]

_CELL_WIDTH, _CELL_HEIGHT = 58.0, 34.0
_LEFT, _TOP, _GAP, _BELOW = 62.0, 58.0, 34.0, 82.0
_NARROWEST = 190.0  # of a panel, for its title
# One hue from light to dark (after ColorBrewer's Blues, by C. Brewer), so that grey keeps the
# order; text turns white where the ground is dark.
_LIGHT, _DARK = (239, 243, 255), (8, 69, 148)
_WHITE_FROM = 0.71  # where black and white stand out alike, 4.5 to 1
_SHADES = 24


@dataclass(frozen=True)
class Landscape:
    """One panel.

    Attributes:
        title: the metric and the stage.
        values: a row a y, a value an x; NaN where no run is done.
        bigger: whether more is better.
        chosen: (y, x) of the best on validation, framed; None: no frame.
        centre: (y, x) of the default settings, marked by a corner; None: not among them.
    """

    title: str
    values: Sequence[Sequence[float]]
    bigger: bool = True
    chosen: tuple[int, int] | None = None
    centre: tuple[int, int] | None = None


def landscape_picture(
    name: str,
    title: str,
    panels: Sequence[Landscape],
    axes: tuple[str, str],
    steps: tuple[Sequence[str], Sequence[str]],
) -> str:
    """Return the file of a picture with a panel each, side by side, each with its own shades.

    Args:
        name: unique in the page.
        title: of the whole.
        panels: at least one, all over the same steps.
        axes: what x and y are.
        steps: the values of x, and those of y from the top.
    """
    across, down = steps
    panel = max(_LEFT + _CELL_WIDTH * len(across), _NARROWEST)
    width = round(panel * len(panels) + _GAP * (len(panels) - 1)) + 12
    height = _TOP + _CELL_HEIGHT * len(down) + _BELOW
    parts = [_panel(each, axes, steps, index * (panel + _GAP)) for index, each in enumerate(panels)]
    told = "; ".join(_told(each, axes, steps) for each in panels)
    return standalone(drawing.picture(name, width, height, title, told, parts))


def _panel(
    panel: Landscape, axes: tuple[str, str], steps: tuple[Sequence[str], Sequence[str]], left: float
) -> Markup:
    across, down = steps
    start, bottom = left + _LEFT, _TOP + _CELL_HEIGHT * len(down)
    known = [value for row in panel.values for value in row if math.isfinite(value)]
    low, high = (min(known), max(known)) if known else (0.0, 0.0)
    parts: list[Markup] = [
        drawing.words(left + 4, 16, panel.title, "panel-title"),
        drawing.words(left + 4, _TOP - 10, axes[1], "axis-title"),
    ]
    for y, (name, row) in enumerate(zip(down, panel.values, strict=True)):
        top = _TOP + _CELL_HEIGHT * y
        parts.append(drawing.words(start - 8, top + _CELL_HEIGHT / 2 + 4, name, "tick end"))
        for x, value in enumerate(row):
            parts.append(
                _cell(value, _share(value, low, high, panel.bigger), start + _CELL_WIDTH * x, top)
            )
    for x, name in enumerate(across):
        middle = start + _CELL_WIDTH * (x + 0.5)
        parts.append(drawing.words(middle, bottom + 16, name, "tick middle"))
    parts.append(drawing.words(start, bottom + 34, axes[0], "axis-title"))
    if panel.centre is not None:
        parts.append(_corner(panel.centre, start))
    if panel.chosen is not None:
        y, x = panel.chosen
        at = {"x": start + _CELL_WIDTH * x + 1.5, "y": _TOP + _CELL_HEIGHT * y + 1.5}
        size = {"width": _CELL_WIDTH - 3, "height": _CELL_HEIGHT - 3}
        parts.append(node("rect", class_="chosen", **at, **size))
    parts.append(_legend(panel, low, high, start, bottom + 46))
    return node("g", parts)


def _cell(value: float, share: float, left: float, top: float) -> Markup:
    known = math.isfinite(value)
    fill = _shade(share) if known else "#ffffff"
    size = {"width": _CELL_WIDTH - 1, "height": _CELL_HEIGHT - 1}
    ground = node("rect", x=left, y=top, fill=fill, stroke=None if known else "#c3c7cc", **size)
    kind = "cell on-dark" if known and share > _WHITE_FROM else "cell"
    text = f"{value:.4f}" if known else "–"
    middle = left + _CELL_WIDTH / 2
    return node("g", ground, drawing.words(middle, top + _CELL_HEIGHT / 2 + 4, text, kind))


def _corner(cell: tuple[int, int], start: float) -> Markup:
    """Return a white-edged dark triangle in the upper left corner of a cell."""
    left, top = start + _CELL_WIDTH * cell[1], _TOP + _CELL_HEIGHT * cell[0]
    way = f"M{left:.1f} {top:.1f}h11l-11 11Z"
    return node("path", d=way, fill="#1c1e21", stroke="#ffffff", class_="centre")


def _legend(panel: Landscape, low: float, high: float, left: float, top: float) -> Markup:
    """Return the shades from worse to better, with the numbers at both ends."""
    wide = 90.0 / _SHADES
    shades = [
        node(
            "rect",
            x=left + wide * n,
            y=top,
            width=wide + 0.5,
            height=10.0,
            fill=_shade((n + 0.5) / _SHADES),
        )  # fmt: skip
        for n in range(_SHADES)
    ]
    worst, best = (low, high) if panel.bigger else (high, low)
    ends = [
        drawing.words(left, top + 24, f"{worst:.4f}", "tick"),
        drawing.words(left + 90, top + 24, f"{best:.4f}, best", "tick middle"),
    ]
    return node("g", shades, ends)


def _share(value: float, low: float, high: float, bigger: bool) -> float:
    """Return 0 for the worst value, 1 for the best; one half where all are the same."""
    if not high > low:
        return 0.5
    share = (value - low) / (high - low)
    return share if bigger else 1 - share


def _shade(share: float) -> str:
    parts = [round(a + (b - a) * share) for a, b in zip(_LIGHT, _DARK, strict=True)]
    return "#" + "".join(f"{part:02x}" for part in parts)


def _told(
    panel: Landscape, axes: tuple[str, str], steps: tuple[Sequence[str], Sequence[str]]
) -> str:
    across, down = steps
    cells = [
        f"{axes[1]} {name}: " + ", ".join("none" if math.isnan(v) else f"{v:.4f}" for v in row)
        for name, row in zip(down, panel.values, strict=True)
    ]
    return f"{panel.title} over {axes[0]} {', '.join(across)}; {'; '.join(cells)}"

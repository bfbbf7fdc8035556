"""Labels beside their marks that do not lie over each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["Box", "Placed", "place_labels", "spread", "text_width"]

_HEIGHT = 13.0
_WIDE, _NARROW = "mwMW@%", "ijltfrI.,:;|'! ()[]"


@dataclass(frozen=True)
class Box:
    """A rectangle in pixels."""

    left: float
    top: float
    right: float
    bottom: float

    def overlap(self, other: Box) -> float:
        """Return the common area, square pixels."""
        width = min(self.right, other.right) - max(self.left, other.left)
        height = min(self.bottom, other.bottom) - max(self.top, other.top)
        return max(width, 0.0) * max(height, 0.0)

    def outside(self, frame: Box) -> float:
        """Return the area that lies outside `frame`."""
        area = (self.right - self.left) * (self.bottom - self.top)
        return area - self.overlap(frame)


@dataclass(frozen=True)
class Placed:
    """Where a label stands: its left end, its baseline, and whether a line should lead to it."""

    x: float
    y: float
    far: bool


def text_width(text: str, size: float = 12.0, *, bold: bool = False) -> float:
    """Return about how wide a text is in a sans-serif face, rather too much than too little."""
    units = sum(0.92 if c in _WIDE else 0.34 if c in _NARROW else 0.6 for c in text)
    return units * size * (1.13 if bold else 1.0)


def place_labels(
    points: Sequence[tuple[float, float]],
    widths: Sequence[float],
    frame: Box,
    obstacles: Sequence[Box] = (),
) -> list[Placed]:
    """Place one label at each point, earlier points first.

    Each label takes, of a fixed list of places near and farther from its point, the one that
    covers least of other labels, points and obstacles, and leaves the frame least; of equals the
    nearest. Greedy, so the caller puts what matters first.

    Args:
        points: pixels.
        widths: of the labels, one for each point.
        frame: what labels should stay in.
        obstacles: what they should not cover.
    """
    taken = [Box(x - 6, y - 6, x + 6, y + 6) for x, y in points] + list(obstacles)
    placed: list[Placed] = []
    for (x, y), width in zip(points, widths, strict=True):
        best: tuple[float, Placed, Box] | None = None
        for dx, dy, cost, far in _candidates(width):
            box = Box(x + dx, y + dy - 10, x + dx + width, y + dy - 10 + _HEIGHT)
            covered = sum(box.overlap(other) for other in taken)
            total = 3 * covered + 6 * box.outside(frame) + cost
            if best is None or total < best[0] - 1e-9:
                best = (total, Placed(x + dx, y + dy, far), box)
        if best is not None:
            placed.append(best[1])
            taken.append(best[2])
    return placed


def spread(wanted: Sequence[float], gap: float, low: float, high: float) -> list[float]:
    """Return places close to the wanted ones, at least `gap` apart and within `low..high`.

    If they cannot all fit, they are spaced evenly.

    Args:
        wanted: in any order.
        gap: pixels.
        low: smallest place.
        high: largest place.
    """
    if not wanted:
        return []
    gap = min(gap, (high - low) / max(len(wanted) - 1, 1))
    order = sorted(range(len(wanted)), key=lambda index: wanted[index])
    places = [min(max(wanted[index], low), high) for index in order]
    for index in range(1, len(places)):
        places[index] = max(places[index], places[index - 1] + gap)
    places[-1] = min(places[-1], high)
    for index in range(len(places) - 2, -1, -1):
        places[index] = min(places[index], places[index + 1] - gap)
    result = [0.0] * len(wanted)
    for place, index in zip(places, order, strict=True):
        result[index] = place
    return result


def _candidates(width: float) -> list[tuple[float, float, float, bool]]:
    """Return (dx of the left end, dy of the baseline, cost, far from the point)."""
    near = [
        (9, 4, 0), (-width - 9, 4, 2), (-width / 2, -10, 3), (-width / 2, 20, 3),
        (7, -8, 4), (7, 17, 4), (-width - 7, -8, 5), (-width - 7, 17, 5),
    ]  # fmt: skip
    found = [(float(dx), float(dy), float(cost), False) for dx, dy, cost in near]
    for ring in range(1, 13):
        down = 14.0 * ring
        for aside in (9.0, 30.0, 60.0, 90.0, 120.0):
            for dx in (aside, -width - aside):
                for dy in (-down - 8, down + 16):
                    found.append((dx, dy, 8.0 + 7.0 * ring + aside / 6, True))
    return found

"""Labels that do not lie over each other: beside points, and at the ends of lines."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import ceil, dist
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

__all__ = ["Box", "Placed", "Point", "along", "place_labels", "spread", "text_width"]

Point = tuple[float, float]
_HEIGHT = 13.0
_WIDE, _NARROW = "mwMW@%", "ijltfI.,:;|'! ()[]"


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
        return self.overlap(self) - self.overlap(frame)


class Placed(NamedTuple):
    """Where a label stands: its left end, its baseline, and whether a line should lead to it."""

    x: float
    y: float
    far: bool


def text_width(text: str, *, bold: bool = False) -> float:
    """Return about how wide a text is in a sans-serif face, rather too much than too little."""
    units = sum(
        0.92 if c in _WIDE else 0.36 if c in _NARROW else 0.7 if c.isupper() or c == "=" else 0.61
        for c in text
    )
    return units * 12.0 * (1.13 if bold else 1.0)


def place_labels(
    points: Sequence[Point], widths: Sequence[float], frame: Box, obstacles: Sequence[Box] = ()
) -> list[Placed]:
    """Place one label of each width at each point, earlier points first.

    Each label takes, of a fixed list of places near and farther from its point, the one that
    covers least of other labels, points and obstacles, and leaves the frame least; of equals the
    nearest. Greedy, so the caller puts what matters first.
    """
    taken = [Box(x - 6, y - 6, x + 6, y + 6) for x, y in points] + list(obstacles)
    placed: list[Placed] = []
    for (x, y), width in zip(points, widths, strict=True):
        labels, costs, boxes = [], [], []
        for dx, dy, cost, far in _candidates(width):
            labels.append(Placed(x + dx, y + dy, far))
            costs.append(cost)
            boxes.append(Box(x + dx, y + dy - 10, x + dx + width, y + dy - 10 + _HEIGHT))
        outside = [box.outside(frame) for box in boxes]
        totals = 3 * _covered(boxes, taken) + 6 * np.array(outside) + np.array(costs)
        best = int(np.argmin(totals.round(9)))
        placed.append(labels[best])
        taken.append(boxes[best])
    return placed


def _covered(boxes: Sequence[Box], taken: Sequence[Box]) -> npt.NDArray[np.float64]:
    """Return how much of others each box covers, square pixels."""
    (left, top, right, bottom), others = (
        np.array([(b.left, b.top, b.right, b.bottom) for b in each]).reshape(-1, 4).T
        for each in (boxes, taken)
    )
    width = np.minimum(right[:, None], others[2]) - np.maximum(left[:, None], others[0])
    height = np.minimum(bottom[:, None], others[3]) - np.maximum(top[:, None], others[1])
    covered: npt.NDArray[np.float64] = (width.clip(0) * height.clip(0)).sum(axis=1)
    return covered


def along(way: Sequence[Point], every: float = 4.0) -> list[Box]:
    """Return small boxes on the straight lines from point to point, which labels keep off."""
    found = []
    for (x1, y1), (x2, y2) in zip(way, way[1:], strict=False):
        steps = max(1, ceil(dist((x1, y1), (x2, y2)) / every))
        for step in range(steps + 1):
            x, y = x1 + (x2 - x1) * step / steps, y1 + (y2 - y1) * step / steps
            found.append(Box(x - 2, y - 2, x + 2, y + 2))
    return found


def _candidates(width: float) -> Iterator[tuple[float, float, float, bool]]:
    """Yield (dx of the left end, dy of the baseline, cost, far from the point)."""
    beside = [(9.0, 4, 0), (-width - 9, 4, 2), (-width / 2, -10, 3), (-width / 2, 20, 3)]
    corners = [(7.0, -8, 4), (7.0, 17, 4), (-width - 7, -8, 5), (-width - 7, 17, 5)]
    yield from ((dx, dy, cost, False) for dx, dy, cost in beside + corners)
    for ring in range(1, 13):
        for aside in (9.0, 30.0, 60.0, 90.0, 120.0):
            for dx in (aside, -width - aside):
                for dy in (-14.0 * ring - 8, 14.0 * ring + 16):
                    yield dx, dy, 8.0 + 7.0 * ring + aside / 6, True


def spread(wanted: Sequence[float], gap: float, low: float, high: float) -> list[float]:
    """Return places close to the wanted ones, at least `gap` apart and within `low..high`.

    If they cannot all fit, they are spaced evenly.
    """
    gap = min(gap, (high - low) / max(len(wanted) - 1, 1))
    order = sorted(range(len(wanted)), key=wanted.__getitem__)
    places = [min(max(value, low), high) for value in wanted]
    for before, index in zip(order, order[1:], strict=False):
        places[index] = max(places[index], places[before] + gap)
    ceiling = high
    for index in reversed(order):
        places[index] = min(places[index], ceiling)
        ceiling = places[index] - gap
    return places

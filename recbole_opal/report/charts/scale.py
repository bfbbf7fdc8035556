"""From values to pixels, in a straight way or by powers of ten."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

__all__ = ["Linear", "Logarithmic", "Scale", "outliers"]


class Scale(Protocol):
    """What an axis needs to know of either."""

    def at(self, value: float) -> float:
        """Return the pixel of a value."""
        ...

    def ticks(self, wanted: int = 5) -> list[tuple[float, str]]:
        """Return round values with their texts."""
        ...


@dataclass(frozen=True)
class Linear:
    """A straight scale from `low..high` to the pixels `start..end` (which may run downwards)."""

    low: float
    high: float
    start: float
    end: float

    @classmethod
    def over(
        cls,
        values: Iterable[float],
        start: float,
        end: float,
        *,
        zero: bool = False,
        padding: float = 0.06,
    ) -> Linear:
        """Return a scale that holds all finite values and a share of their range more at each end.

        With `zero`, 0 belongs to it. The values may be none, or all equal.
        """
        finite = [value for value in values if math.isfinite(value)] + ([0.0] if zero else [])
        low, high = (min(finite), max(finite)) if finite else (0.0, 1.0)
        if high - low <= 1e-9 * max(abs(low), abs(high), 1e-9):  # nothing that digits could tell
            half = abs(low) / 2 if abs(low) > 1e-9 else 0.5
            low, high = low - half, high + half
        room = (high - low) * padding
        return cls(low if zero and low == 0 else low - room, high + room, start, end)

    @classmethod
    def of_steps(cls, count: int, start: float, end: float) -> Linear:
        """Return a scale that has the steps 0, 1, ... in the middles of equal shares."""
        return cls(-0.5, max(count, 1) - 0.5, start, end)

    def at(self, value: float) -> float:
        """Return the pixel of a value."""
        return self.start + (value - self.low) / (self.high - self.low) * (self.end - self.start)

    def ticks(self, wanted: int = 5) -> list[tuple[float, str]]:
        """Return round values, about `wanted` and at least two, with the digits they need."""
        raw = (self.high - self.low) / max(wanted, 1)
        magnitude = 10.0 ** math.floor(math.log10(raw))
        step = next(m * magnitude for m in (1, 2, 2.5, 5, 10) if m * magnitude >= raw * 0.999)
        first = math.ceil(self.low / step - 1e-9)
        last = math.floor(self.high / step + 1e-9)
        if last - first < 1:
            return self.ticks(max(wanted, 1) + 1)
        digits = max(0, -math.floor(math.log10(step) + 1e-9))
        if round(step * 10**digits, 6) != round(step * 10**digits):
            digits += 1  # steps of 2.5
        values = [index * step for index in range(first, last + 1)]
        return [(value, f"{value + 0.0:.{digits}f}".replace("-", "−")) for value in values]


@dataclass(frozen=True)
class Logarithmic:
    """A scale of positive values on which equal factors are equally far apart."""

    powers: Linear

    @classmethod
    def over(cls, values: Iterable[float], start: float, end: float) -> Logarithmic:
        """Return a scale that holds all positive values, and a little more at each end."""
        known = [math.log10(value) for value in values if 0 < value < math.inf]
        return cls(Linear.over(known, start, end, padding=0.1))

    def at(self, value: float) -> float:
        """Return the pixel of a positive value."""
        return self.powers.at(math.log10(value))

    def ticks(self, wanted: int = 5) -> list[tuple[float, str]]:
        """Return powers of ten and, where there are few, their multiples between."""
        low, high = self.powers.low, self.powers.high
        decades = range(math.floor(low), math.ceil(high) + 1)
        for factors in ((1,), (1, 3), (1, 2, 5), (1, 1.5, 2, 3, 5, 7)):
            values = [factor * 10.0**power for power in decades for factor in factors]
            inside = [value for value in values if low <= math.log10(value) <= high]
            if len(inside) >= min(wanted, 3):
                return [(value, f"{value:,g}") for value in inside]
        return self._straight(wanted)

    def _straight(self, wanted: int) -> list[tuple[float, str]]:
        """Return ticks where the values are so close that there is no round one between."""
        ends = 10.0**self.powers.low, 10.0**self.powers.high
        return Linear(*ends, 0.0, 1.0).ticks(wanted)


def outliers(values: Sequence[float]) -> list[bool]:
    """Tell which values lie so far off that a scale that holds them hides all other differences.

    Farther from the quartiles than three times the distance between them (Tukey's outer fences),
    where the others would then have less than a tenth of the scale; none among fewer than six.
    """
    if len(values) < 6:
        return [False] * len(values)
    ordered = sorted(values)
    low, high = ordered[len(ordered) // 4], ordered[-1 - len(ordered) // 4]
    reach = 3 * (high - low)
    off = [value < low - reach or value > high + reach for value in values]
    kept = [value for value, far in zip(values, off, strict=True) if not far]
    if max(kept) - min(kept) >= (ordered[-1] - ordered[0]) / 10:
        return [False] * len(values)
    return off

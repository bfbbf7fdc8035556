"""Numbers as the tables of this command have them."""

from __future__ import annotations

import math

__all__ = ["size", "value"]


def value(number: float | None) -> str:
    """Return a metric's value with four digits; `-` where there is none."""
    return "-" if number is None or not math.isfinite(number) else f"{number:.4f}"


def size(number: int) -> str:
    """Return bytes as `812 B`, `30 KiB`, `5.1 MiB` or `1.4 GiB`."""
    if number < 2**10:
        return f"{number} B"
    for power, unit in ((30, "GiB"), (20, "MiB")):
        if number >= 2**power:
            return f"{number / 2**power:.1f} {unit}"
    return f"{number / 2**10:.0f} KiB"

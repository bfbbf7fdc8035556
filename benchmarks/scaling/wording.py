"""Numbers as the page says them: three digits, and the unit that fits."""

from __future__ import annotations

import math

_BYTES = ("B", "KiB", "MiB", "GiB", "TiB", "PiB")
_SECONDS = (("µs", 1e-6), ("ms", 1e-3), ("s", 1.0), ("h", 3600.0), ("days", 86_400.0))


def digits(value: float) -> str:
    """Return three digits of a number, or all before its point."""
    if value == 0:
        return "0"
    places = max(0, 2 - math.floor(math.log10(abs(value))))
    return f"{value:,.{min(places, 6)}f}"


def in_bytes(size: float) -> str:
    """Return a number of bytes."""
    power = 0
    while size >= 1000 and power < len(_BYTES) - 1:
        size, power = size / 1024, power + 1
    return f"{digits(size)} {_BYTES[power]}"


def in_seconds(seconds: float) -> str:
    """Return a duration."""
    fitting = [(unit, size) for unit, size in _SECONDS if seconds >= size]
    unit, size = fitting[-1] if fitting else _SECONDS[0]
    return f"{digits(seconds / size)} {unit}"


def count(number: float) -> str:
    """Return a number of items or users, as 10 million."""
    for name, size in (("billion", 1e9), ("million", 1e6)):
        if number >= size:
            return f"{digits(number / size).removesuffix('.00')} {name}"
    return f"{number:,.0f}"

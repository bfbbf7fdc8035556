"""Numbers, axes and enumerations as people read them."""

import math
from collections.abc import Sequence
from typing import TypeGuard

from recbole_opal.comparison.row import Spread
from recbole_opal.evaluation.direction import bigger_is_better, title_of

_NONE = "–"


def axis_name(metric: str) -> str:
    """Return a metric's name as an axis has it: `Gini@50, lower is better`."""
    return title_of(metric) + ("" if bigger_is_better(metric) else ", lower is better")


def listed(names: Sequence[str], most: int = 4) -> str:
    """Return `A, B and C`; of many names the first few and how many more."""
    if len(names) > most:
        names = [*names[: most - 1], f"{len(names) - most + 1} more"]
    return " and ".join(filter(None, [", ".join(names[:-1]), *names[-1:]]))


def number(value: float | None, digits: int = 4) -> str:
    """Return a metric's value; a dash where there is none."""
    return f"{value:.{digits}f}" if _known(value) else _NONE


def signed(value: float, digits: int = 4) -> str:
    """Return a difference with its sign, a true minus."""
    return f"{value:+.{digits}f}".replace("-", "−") if _known(value) else _NONE


def interval(low: float, high: float) -> str:
    """Return `[−0.0003, +0.0021]`."""
    return f"[{signed(low)}, {signed(high)}]"


def with_spread(value: Spread) -> str:
    """Return `0.1234 ± 0.0012`, or the mean alone."""
    return number(value.mean) + ("" if value.sd is None else f" ± {number(value.sd)}")


def percent(share: float) -> str:
    """Return a share in [0, 1] as percent: whole from 10 up, one digit below."""
    digits = 0 if share >= 0.0995 or share == 0 else 1
    return f"{100 * share:.{digits}f}\u00a0%"


def relative(value: float, base: float) -> str:
    """Return how much `value` lies over or under `base`, as `+3.1 %`."""
    return _NONE if base == 0 else f"{signed(100 * (value / base - 1), 1)}\u00a0%"


def seconds(value: float | None) -> str:
    """Return a duration: `3.1 ms`, `0.42 s`, `38 s`, `4 min 05 s`, `2 h 11 min`."""
    if not _known(value):
        return _NONE
    if value < 0.1:
        return f"{1000 * value:.2g} ms"
    if value < 59.5:
        return f"{value:.2g} s" if value < 10 else f"{value:.0f} s"
    minutes, rest = divmod(round(value), 60)
    if minutes < 60:
        return f"{minutes} min {rest:02d} s"
    return f"{minutes // 60} h {minutes % 60:02d} min"


def size(value: float | None) -> str:
    """Return bytes as `812 B`, `30 KiB`, `5.1 MiB`, `812 MiB` or `1.4 GiB`."""
    if not _known(value):
        return _NONE
    if value < 2**10:
        return f"{value:.0f} B"
    if value < 2**20:
        return f"{value / 2**10:.0f} KiB"
    if value < 2**30:
        return f"{value / 2**20:.{0 if value >= 100 * 2**20 else 1}f} MiB"
    return f"{value / 2**30:.1f} GiB"


def count(value: float | None) -> str:
    """Return a number of things: `412`, `34.1 k`, `2.7 M`."""
    if not _known(value):
        return _NONE
    if value >= 1e6:
        return f"{value / 1e6:.1f} M"
    return f"{value / 1e3:.1f} k" if value >= 1e4 else f"{value:,.0f}"


def _known(value: float | None) -> TypeGuard[float]:
    return value is not None and math.isfinite(value)

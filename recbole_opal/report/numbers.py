"""Numbers as people read them: as many digits as mean something."""

from __future__ import annotations

import math

from recbole_opal.evaluation.direction import bigger_is_better, title_of

__all__ = [
    "axis_name",
    "count",
    "metric_name",
    "number",
    "percent",
    "relative",
    "seconds",
    "signed",
    "size",
    "with_spread",
]


def metric_name(name: str) -> str:
    """Return `category_diversity@50` as `Category diversity@50`."""
    return title_of(name)


def axis_name(name: str) -> str:
    """Return a metric's name as an axis has it: `Gini@50, lower is better`."""
    return metric_name(name) + ("" if bigger_is_better(name) else ", lower is better")


def number(value: float | None, digits: int = 4) -> str:
    """Return a metric's value; a dash where there is none."""
    if value is None or not math.isfinite(value):
        return "–"
    return f"{value:.{digits}f}"


def signed(value: float | None, digits: int = 4) -> str:
    """Return a difference with its sign, a true minus."""
    if value is None or not math.isfinite(value):
        return "–"
    return f"{value:+.{digits}f}".replace("-", "−")


def with_spread(mean: float | None, sd: float | None) -> str:
    """Return `0.1234 ± 0.0012`, or the mean alone."""
    return number(mean) if sd is None else f"{number(mean)} ± {number(sd)}"


def percent(share: float) -> str:
    """Return a share in [0, 1] as percent: whole from 10 up, one digit below."""
    digits = 0 if share >= 0.0995 or share == 0 else 1
    return f"{100 * share:.{digits}f}\u00a0%"


def relative(value: float, base: float) -> str:
    """Return how much `value` lies over or under `base`, as `+3.1 %`."""
    if base == 0:
        return "–"
    return f"{100 * (value / base - 1):+.1f}\u00a0%".replace("-", "−")


def seconds(value: float | None) -> str:
    """Return a duration: `0.42 s`, `38 s`, `4 min 05 s`, `2 h 11 min`."""
    if value is None or not math.isfinite(value):
        return "–"
    if value < 10:
        return f"{value:.2g} s"
    if value < 59.5:
        return f"{value:.0f} s"
    whole = round(value)
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"


def size(value: float | None) -> str:
    """Return bytes as `812 MiB` or `1.4 GiB`."""
    if value is None or not math.isfinite(value):
        return "–"
    if value >= 2**30:
        return f"{value / 2**30:.1f} GiB"
    return f"{value / 2**20:.0f} MiB"


def count(value: float | None) -> str:
    """Return a number of things: `412`, `34.1 k`, `2.7 M`."""
    if value is None or not math.isfinite(value):
        return "–"
    if value >= 1e6:
        return f"{value / 1e6:.1f} M"
    if value >= 1e4:
        return f"{value / 1e3:.1f} k"
    return f"{value:,.0f}"

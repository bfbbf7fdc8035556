"""How long the lists are that a metric judges."""

from __future__ import annotations

from collections.abc import Iterable

__all__ = ["cut_off", "longest_cut_off"]


def cut_off(metric: str) -> int | None:
    """Return k of `metric@k`, None for a metric that judges all items (GAUC)."""
    length = metric.partition("@")[2]
    return int(length) if length else None


def longest_cut_off(metric: str, measured: Iterable[str]) -> int | None:
    """Return k of `metric@k`; for a metric without, the largest that others were measured at."""
    own = cut_off(metric)
    return max(filter(None, map(cut_off, measured)), default=None) if own is None else own

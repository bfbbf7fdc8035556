"""How long the lists are that a metric judges."""

from __future__ import annotations

from collections.abc import Iterable

__all__ = ["cut_off", "longest_cut_off"]


def cut_off(metric: str) -> int | None:
    """Return k of `metric@k`, None for a metric that judges all items (GAUC).

    Args:
        metric: as in settings or in metrics.json.
    """
    length = metric.partition("@")[2]
    return int(length) if length else None


def longest_cut_off(metric: str, measured: Iterable[str]) -> int | None:
    """Return k of `metric@k`, for a metric without the largest k that others were measured at.

    Args:
        metric: the one that decides.
        measured: all metrics; None is returned where no one has a k.
    """
    own = cut_off(metric)
    others = (length for name in measured if (length := cut_off(name)) is not None)
    return max(others, default=None) if own is None else own

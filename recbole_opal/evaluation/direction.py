"""Whether more of a metric is better: the one answer for tables, report, tuning and stopping."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from math import isnan
from typing import TypeVar

from recbole_opal.evaluation.metric import name_of
from recbole_opal.evaluation.registry import known_metric

__all__ = [
    "best_of",
    "better",
    "bigger_is_better",
    "is_diversity",
    "name_of",
    "sign_of",
    "title_of",
]

Item = TypeVar("Item")


def bigger_is_better(metric: str) -> bool:
    """Tell whether more of a metric is better; its name may have a length, in either case."""
    found = known_metric(metric)
    return found is None or found.bigger_is_better


def sign_of(metric: str) -> int:
    """Return 1 if more of a metric is better, else -1: values times it are best where largest."""
    return 1 if bigger_is_better(metric) else -1


def better(metric: str) -> str:
    """Return the word for the better side: `higher` or `lower`."""
    return "higher" if bigger_is_better(metric) else "lower"


def is_diversity(metric: str) -> bool:
    """Tell whether a metric is shown with the diversity of the lists, not with accuracy."""
    found = known_metric(metric)
    return found is not None and found.diversity


def title_of(metric: str, *, short: bool = False) -> str:
    """Return a metric as people read it: `category_diversity@50` is `Category diversity@50`."""
    name, at, length = metric.partition("@")
    found = known_metric(name)
    if found is None:
        return f"{name.replace('_', ' ').capitalize()}{at}{length}"
    return f"{found.short if short else found.title}{at}{length}"


def best_of(
    items: Iterable[Item], value: Callable[[Item], float | None], *, bigger: bool
) -> Item | None:
    """Return the item with the best value; of equals the earlier one, None if none has a value.

    Args:
        items: what is chosen from.
        value: gives an item's value, None or NaN where it has none.
        bigger: whether more of it is better.
    """
    told = ((item, value(item)) for item in items)
    valued = [(item, found) for item, found in told if found is not None and not isnan(found)]
    sign = 1 if bigger else -1
    best = max(valued, key=lambda pair: sign * pair[1], default=None)
    return None if best is None else best[0]

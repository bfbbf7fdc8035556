"""Whether more of a metric is better: the one answer for tables, report, tuning and stopping.

RecBole's registry knows its own metrics, and the settings' check asks it too; the measures of lists
that are added here are told apart below. Nothing else in this package holds such a list.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from math import isnan
from typing import TypeVar

from recbole.evaluator.register import smaller_metrics

__all__ = ["best_of", "better", "bigger_is_better", "name_of", "sign_of"]

Item = TypeVar("Item")

# Measures of lists that are no metrics of RecBole: less of them is more diverse.
_SMALLER = frozenset({"gini", "intra_list_similarity"})


def name_of(metric: str) -> str:
    """Return the metric without its list length, in lower case: `Recall@50` is `recall`.

    Args:
        metric: as in settings or in metrics.json.
    """
    return metric.partition("@")[0].lower()


def bigger_is_better(metric: str) -> bool:
    """Tell whether more of a metric is better.

    Args:
        metric: with or without its list length, in upper or lower case.
    """
    name = name_of(metric)
    return name not in _SMALLER and name not in smaller_metrics


def sign_of(metric: str) -> int:
    """Return 1 if more of a metric is better, else -1: values times it are best where largest.

    Args:
        metric: see `bigger_is_better`.
    """
    return 1 if bigger_is_better(metric) else -1


def better(metric: str) -> str:
    """Return the word for the better side: `higher` or `lower`.

    Args:
        metric: see `bigger_is_better`.
    """
    return "higher" if bigger_is_better(metric) else "lower"


def best_of(
    items: Iterable[Item], value: Callable[[Item], float | None], *, bigger: bool
) -> Item | None:
    """Return the item with the best value; of equals the earlier one, None if none has a value.

    NaN is no value.

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

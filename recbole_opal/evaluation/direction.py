"""What people are told of a metric by its name: title, better side, length of the lists."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from math import isnan
from typing import TypeVar

from recbole_opal.evaluation.metric import Metric, MetricTraits, name_of
from recbole_opal.evaluation.registry import built_in, known_metric

__all__ = [
    "as_told_by",
    "best_of",
    "better",
    "bigger_is_better",
    "cut_off",
    "is_diversity",
    "longest_cut_off",
    "sign_of",
    "title_of",
]

Item = TypeVar("Item")

_told: ContextVar[Mapping[str, MetricTraits] | None] = ContextVar("_told", default=None)


@contextmanager
def as_told_by(own_metrics: Mapping[str, MetricTraits]) -> Iterator[None]:
    """Let a user's metrics be, while the block runs, what a result tells of them.

    Their classes may not be there when its tables are made, or may have been changed since.
    """
    before = _told.set(own_metrics)
    try:
        yield
    finally:
        _told.reset(before)


def bigger_is_better(metric: str) -> bool:
    """Tell whether more of a metric is better; its name may have a length, in either case."""
    return _traits(metric).bigger_is_better


def sign_of(metric: str) -> int:
    """Return 1 if more of a metric is better, else -1: values times it are best where largest."""
    return 1 if bigger_is_better(metric) else -1


def better(metric: str) -> str:
    """Return the word for the better side: `higher` or `lower`."""
    return "higher" if bigger_is_better(metric) else "lower"


def is_diversity(metric: str) -> bool:
    """Tell whether a metric is shown with the diversity of the lists, not with accuracy."""
    return _traits(metric).diversity


def title_of(metric: str, *, short: bool = False) -> str:
    """Return a metric as people read it: `category_diversity@50` is `Category diversity@50`."""
    found, (_, at, length) = _traits(metric), metric.partition("@")
    return f"{found.short if short else found.title}{at}{length}"


def cut_off(metric: str) -> int | None:
    """Return k of `metric@k`, None for a metric that judges all items (GAUC)."""
    length = metric.partition("@")[2]
    return int(length) if length else None


def longest_cut_off(metric: str, measured: Iterable[str]) -> int | None:
    """Return k of `metric@k`; for a metric without, the largest that others were measured at."""
    return cut_off(metric) or max(filter(None, map(cut_off, measured)), default=None)


def best_of(
    items: Iterable[Item], value: Callable[[Item], float | None], *, bigger: bool
) -> Item | None:
    """Return the item with the best value; of equals the earlier one, None if none has a value.

    None and NaN are no values.
    """
    told = ((item, value(item)) for item in items)
    valued = [(item, found) for item, found in told if found is not None and not isnan(found)]
    best = max if bigger else min
    return best(valued, key=lambda pair: pair[1])[0] if valued else None


def _traits(metric: str) -> Metric | MetricTraits:
    """Return what is known of a metric; of one that nobody knows, what its name says."""
    name, told = name_of(metric), _told.get() or {}
    said = metric.partition("@")[0].replace("_", " ").capitalize()
    known = built_in().get(name) or told.get(name) or known_metric(name)
    return known or MetricTraits.model_construct(title=said, short=said)

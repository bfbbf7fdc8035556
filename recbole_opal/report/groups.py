"""One metric for groups of users or of targets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from recbole_opal.data.user_sequences import IntArray

__all__ = ["Groups", "by_group", "decile_of_item", "length_bins", "positions", "recall_by_decile"]

FloatArray = npt.NDArray[np.float64]
_DECILES = 10


@dataclass(frozen=True)
class Groups:
    """Means of a value in groups.

    Attributes:
        means: (G,) float64, NaN for an empty group.
        errors: (G,) float64, standard error of each mean over its members.
        sizes: (G,) int64.
    """

    means: FloatArray
    errors: FloatArray
    sizes: IntArray


def length_bins(lengths: IntArray, wanted: int = 6) -> list[tuple[int, int]]:
    """Return ranges of history lengths, both ends included, with about equally many users each.

    Equal lengths are never torn apart, so there may be fewer bins than wanted.

    Args:
        lengths: (E,) int64.
        wanted: largest number of bins.
    """
    if len(lengths) == 0:
        return []
    cuts = np.quantile(lengths, np.linspace(0, 1, wanted + 1)[1:-1], method="higher")
    starts = np.unique(np.append(lengths.min(), cuts))
    ends = np.append(starts[1:] - 1, lengths.max())
    return [(int(low), int(high)) for low, high in zip(starts, ends, strict=True)]


def by_group(values: FloatArray, groups: IntArray, count: int) -> Groups:
    """Return the mean of each group.

    Args:
        values: (E,) float64; NaN is left out.
        groups: (E,) int64 in [0, count), or -1 for none.
        count: G.
    """
    kept = np.isfinite(values) & (groups >= 0)
    values, groups = values[kept], groups[kept]
    sizes = np.bincount(groups, minlength=count)
    with np.errstate(invalid="ignore", divide="ignore"):
        means = np.bincount(groups, values, minlength=count) / sizes
        squares = np.bincount(groups, (values - means[groups]) ** 2, minlength=count)
        errors = np.sqrt(squares / (sizes - 1) / sizes)
    return Groups(means, errors, sizes)


def decile_of_item(counts: IntArray) -> IntArray:
    """Return the popularity decile of each item, 0 the least popular; -1 for padding.

    Ten groups of equally many items, ordered by training interactions, ties by id.

    Args:
        counts: (N,) int64, row 0 is padding.
    """
    order = np.argsort(counts[1:], kind="stable")
    deciles = np.empty(len(counts), dtype=np.int64)
    deciles[0] = -1
    deciles[1:][order] = np.arange(len(order)) * _DECILES // max(len(order), 1)
    return deciles


def recall_by_decile(
    users: IntArray,
    lists: IntArray,
    target_users: IntArray,
    target_items: IntArray,
    deciles: IntArray,
) -> Groups:
    """Return the share of targets found, by the popularity decile of the target.

    Args:
        users: (E,) int64, whose list each row is.
        lists: (E, k) integers, item ids, 0 is a fill.
        target_users: (T,) int64.
        target_items: (T,) int64.
        deciles: (N,) int64, see `decile_of_item`.
    """
    rows = positions(target_users, users)
    known = rows >= 0
    found = np.zeros(len(rows), dtype=np.float64)
    # A million targets against lists of 50 are 50 million comparisons: done in pieces.
    for part in _pieces(np.flatnonzero(known), 100_000):
        found[part] = (lists[rows[part]] == target_items[part, None]).any(axis=1)
    groups = np.where(known, deciles[target_items], -1)
    return by_group(found, groups, _DECILES)


def positions(wanted: npt.NDArray[np.int64], known: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Return where each of `wanted` stands in `known`, -1 where it does not.

    Args:
        wanted: (A,) integers.
        known: (B,) integers, each once.
    """
    if len(known) == 0:
        return np.full(len(wanted), -1, dtype=np.int64)
    order = np.argsort(known, kind="stable")
    places = np.searchsorted(known[order], wanted).clip(max=len(known) - 1)
    found = order[places].astype(np.int64)
    return np.where(known[found] == wanted, found, -1)


def _pieces(index: IntArray, size: int) -> Sequence[IntArray]:
    return [index[start : start + size] for start in range(0, len(index), size)]

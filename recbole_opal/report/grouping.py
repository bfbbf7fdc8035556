"""Means of a metric for groups of users, and of recall for groups of targets."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
_DECILES = 10
_PIECE = 100_000


class Groups(NamedTuple):
    """Of G groups the (G,) means (NaN of an empty one), standard errors over members, and sizes."""

    means: FloatArray
    errors: FloatArray
    sizes: IntArray


def length_bins(lengths: IntArray, wanted: int = 6) -> list[tuple[int, int]]:
    """Return ranges of history lengths, both ends included, with about equally many users each.

    Equal lengths are never torn apart, so there may be fewer bins than wanted.
    """
    if len(lengths) == 0:
        return []
    cuts = np.quantile(lengths, np.linspace(0, 1, wanted + 1)[1:-1], method="higher")
    starts = np.unique(np.append(lengths.min(), cuts))
    ends = np.append(starts[1:] - 1, lengths.max())
    return [(int(low), int(high)) for low, high in zip(starts, ends, strict=True)]


def by_group(values: FloatArray, groups: IntArray, count: int) -> Groups:
    """Return the mean of each group: of (E,) values, without NaN, in groups from 0, -1 for none."""
    kept = np.isfinite(values) & (groups >= 0)
    values, groups = values[kept], groups[kept]
    sizes = np.bincount(groups, minlength=count)
    with np.errstate(invalid="ignore", divide="ignore"):
        means = np.bincount(groups, values, minlength=count) / sizes
        squares = np.bincount(groups, (values - means[groups]) ** 2, minlength=count)
        errors = np.sqrt(squares / (sizes - 1) / sizes)
    return Groups(means, errors, sizes)


def over_seeds(found: Sequence[Groups]) -> Groups:
    """Return means over seeds; the error stays that of one seed, whose users are the same."""
    means, errors = (np.mean([seed[part] for seed in found], axis=0) for part in (0, 1))
    return Groups(means, errors, found[0].sizes)


def decile_of_item(counts: IntArray) -> IntArray:
    """Return the popularity decile of each item, 0 the least popular; -1 for padding, row 0.

    Ten groups of equally many items, ordered by training interactions, ties by id.
    """
    order = np.argsort(counts[1:], kind="stable")
    deciles = np.full(len(counts), -1, dtype=np.int64)
    deciles[1 + order] = np.arange(len(order)) * _DECILES // max(len(order), 1)
    return deciles


def recall_by_decile(
    users: IntArray,
    lists: IntArray,
    target_users: IntArray,
    target_items: IntArray,
    deciles: IntArray,
) -> Groups:
    """Return the share of targets found, by the popularity decile of the target.

    Of E users the lists are (E, k) item ids; T targets are told by (T,) users and items.
    """
    rows = positions(target_users, users)
    known = np.flatnonzero(rows >= 0)
    found = np.zeros(len(rows), dtype=np.float64)
    # A million targets against lists of 50 are 50 million comparisons: done in pieces.
    for start in range(0, len(known), _PIECE):
        part = known[start : start + _PIECE]
        found[part] = (lists[rows[part]] == target_items[part, None]).any(axis=1)
    return by_group(found, np.where(rows >= 0, deciles[target_items], -1), _DECILES)


def positions(wanted: IntArray, known: IntArray) -> IntArray:
    """Return where each of `wanted` stands in `known`, which holds each once; -1 if nowhere."""
    if len(known) == 0:
        return np.full(len(wanted), -1, dtype=np.int64)
    order = np.argsort(known, kind="stable")
    places = np.searchsorted(known, wanted, sorter=order).clip(max=len(known) - 1)
    found = order[places]
    return np.where(known[found] == wanted, found, -1)

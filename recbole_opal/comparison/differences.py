"""Which differences can be trusted: paired over users, corrected over the whole table."""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterator, Mapping, Sequence
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from recbole_opal.comparison.result import ComparisonResult
from recbole_opal.comparison.row import Difference, Row
from recbole_opal.statistics import adjust, paired_differences

__all__ = ["LEVEL", "add_differences", "paired_over_users", "tested_together"]

LEVEL = 0.05
"""Of p-values after Holm's correction over all tests of the table."""

Key = TypeVar("Key", bound=Hashable)
_FEWEST_USERS = 2
_Values = NDArray[np.float64]


def add_differences(result: ComparisonResult) -> None:
    """Fill in each row's `against_best` and `against_opal`, of every metric that users have.

    A difference is the mean over users of (row less reference), each user's value being the mean
    over seeds first. It is `marked` if its 95 % interval excludes 0 and its p-value, corrected by
    Holm's method over all tests of the table, is below 0.05. The reference's own entries stay
    empty. Where both references meet, or are the same row, the two entries tell of one test, and
    Holm's method counts it once: the difference the other way round is its mirror image.
    """
    best, opal = result.best, result.opal
    pairs: dict[frozenset[int], tuple[Row, Row]] = {}
    measured = [row for row in result.rows if row.measured]
    for reference in (each for each in (best, opal) if each is not None and each.measured):
        for row in measured:
            if row is not reference:
                pairs.setdefault(frozenset((id(row), id(reference))), (row, reference))
    tested = paired_over_users(result, list(pairs.values()))
    found: dict[tuple[int, int], dict[str, Difference]] = {}
    for (row, reference), told in zip(pairs.values(), tested, strict=True):
        found[id(row), id(reference)] = told
        found[id(reference), id(row)] = {name: each.mirrored() for name, each in told.items()}
    for row in result.rows:
        row.against_best = dict(found.get((id(row), id(best)), {}))
        row.against_opal = dict(found.get((id(row), id(opal)), {})) if opal else None


def paired_over_users(
    result: ComparisonResult, pairs: Sequence[tuple[Row, Row]]
) -> list[dict[str, Difference]]:
    """Return of each pair of rows, row less reference, the difference of every metric users have.

    All are tested together: Holm's method corrects over all pairs and metrics.
    """
    # All together, so that the draws of users serve every test.
    ones: dict[tuple[int, str], _Values] = {}
    others: dict[tuple[int, str], _Values] = {}
    for place, (row, reference) in enumerate(pairs):
        for metric, one, other in _shared(result, row, reference):
            ones[place, metric], others[place, metric] = one, other
    found: list[dict[str, Difference]] = [{} for _ in pairs]
    for (place, metric), difference in tested_together(ones, others).items():
        found[place][metric] = difference
    return found


def tested_together(
    ones: Mapping[Key, _Values], others: Mapping[Key, _Values]
) -> dict[Key, Difference]:
    """Return the differences of (E,) values of users, NaN where one has none, by the same keys.

    Holm's method corrects over all of them.
    """
    told = paired_differences(ones, others)
    adjusted = adjust([each.p for each in told.values()])
    found = {}
    for (key, each), p in zip(told.items(), adjusted, strict=True):
        values = vars(each) | {"p_adjusted": float(p)}
        if not math.isfinite(each.effect_size):
            values["effect_size"] = None
        difference = Difference.model_validate(values)
        if difference.excludes_zero and p < LEVEL:
            difference = difference.model_copy(update={"marked": True})
        found[key] = difference
    return found


def _shared(
    result: ComparisonResult, row: Row, reference: Row
) -> Iterator[tuple[str, _Values, _Values]]:
    """Yield each metric of the users that two rows share, their values averaged over seeds."""
    own, others = result.user_values(row), result.user_values(reference)
    _, left, right = np.intersect1d(own.users, others.users, return_indices=True)
    for metric in (name for name in own.metrics if name in others.metrics):
        one = own.metrics[metric].mean(axis=0)[left]  # (E,)
        other = others.metrics[metric].mean(axis=0)[right]  # (E,)
        if np.isfinite(one - other).sum() >= _FEWEST_USERS:
            yield metric, one, other

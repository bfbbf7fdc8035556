"""Which differences can be trusted: paired over users, corrected over the whole table."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from recbole_opal.comparison.result import ComparisonResult
from recbole_opal.comparison.row import Difference, Row
from recbole_opal.statistics import adjust, paired_differences

__all__ = ["add_differences"]

# After Holm's correction over all tests of the table.
LEVEL = 0.05
_FEWEST_USERS = 2


def add_differences(result: ComparisonResult) -> None:
    """Fill in each row's `against_best` and `against_opal`, of every metric that users have.

    A difference is the mean over users of (row less reference), each user's value being the mean
    over seeds first. It is `marked` if its 95 % interval excludes 0 and its p-value, corrected by
    Holm's method over all tests of the table, is below 0.05. The reference's own entries stay
    empty. Where both references meet, or are the same row, the two entries tell of one test, and
    Holm's method counts it once.
    """
    best, opal = result.best, result.opal
    tests = _Tests(result)
    for reference in (best, opal):
        if reference is not None:
            for row in result.rows:
                tests.add(row, reference)
    tests.run()
    for row in result.rows:
        row.against_best = tests.between(row, best) if best else {}
        row.against_opal = tests.between(row, opal) if opal else None


class _Tests:
    """All tests of a table, computed together: the draws of users serve every one of them.

    Two rows are tested once a metric; the difference the other way round is its mirror image.
    """

    def __init__(self, result: ComparisonResult) -> None:
        self._result = result
        self._ones: dict[str, NDArray[np.float64]] = {}
        self._others: dict[str, NDArray[np.float64]] = {}
        self._metrics: dict[tuple[int, int], dict[str, str]] = {}  # pair of rows, metric, test
        self._found: dict[str, Difference] = {}

    def add(self, row: Row, reference: Row) -> None:
        """Remember the tests of two rows, unless they are known, either way round."""
        pair = (id(row), id(reference))
        if row is reference or not (row.measured and reference.measured):
            return
        if pair in self._metrics or pair[::-1] in self._metrics:
            return
        metrics = self._metrics[pair] = {}
        own, others = self._result.user_values(row), self._result.user_values(reference)
        _, left, right = np.intersect1d(own.users, others.users, return_indices=True)
        for metric in own.metrics:
            if metric not in others.metrics:
                continue
            one = own.metrics[metric].mean(axis=0)[left]  # (E,)
            other = others.metrics[metric].mean(axis=0)[right]  # (E,)
            if np.isfinite(one - other).sum() < _FEWEST_USERS:
                continue
            test = metrics[metric] = str(len(self._ones))
            self._ones[test], self._others[test] = one, other

    def run(self) -> None:
        """Do the tests and correct their p-values."""
        results = paired_differences(self._ones, self._others)
        adjusted = adjust([result.p for result in results.values()])
        for (test, result), p in zip(results.items(), adjusted, strict=True):
            outside = result.low > 0 or result.high < 0
            self._found[test] = Difference(
                difference=result.difference,
                low=result.low,
                high=result.high,
                effect_size=result.effect_size if math.isfinite(result.effect_size) else None,
                p=result.p,
                p_adjusted=float(p),
                marked=bool(outside and p < LEVEL),
            )

    def between(self, row: Row, reference: Row) -> dict[str, Difference]:
        """Return what was found of (row less reference), by metric; empty if not tested."""
        pair = (id(row), id(reference))
        if pair in self._metrics:
            return {metric: self._found[test] for metric, test in self._metrics[pair].items()}
        mirrored = self._metrics.get(pair[::-1], {})
        return {metric: self._found[test].mirrored() for metric, test in mirrored.items()}

"""Which differences can be trusted: paired over users, corrected over the whole table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recbole_opal.comparison.rows import Row
from recbole_opal.evaluation.direction import best_of
from recbole_opal.statistics import adjust, paired_differences

__all__ = ["add_differences", "best_row", "opal_row"]

FloatArray = NDArray[np.float64]

# After Holm's correction over all tests of the table.
LEVEL = 0.05
_FEWEST_USERS = 2
_KEPT = ("difference", "low", "high", "effect_size", "p")


def best_row(rows: Sequence[Row], metric: str, *, bigger: bool) -> Row | None:
    """Return the row that is best on validation; of equals the earlier one.

    Args:
        rows: all rows; those without results do not count.
        metric: the metric of validation.
        bigger: whether more of it is better.
    """
    candidates = [row for row in rows if metric in row.valid]
    return best_of(candidates, lambda row: row.valid[metric].mean, bigger=bigger)


def opal_row(rows: Sequence[Row], metric: str, *, bigger: bool) -> Row | None:
    """Return OPAL's best row on validation, None without one.

    Args:
        rows: all rows.
        metric: the metric of validation.
        bigger: whether more of it is better.
    """
    return best_row([row for row in rows if row.model == "OPAL"], metric, bigger=bigger)


def add_differences(rows: Sequence[Row], metric: str, *, bigger: bool) -> None:
    """Fill in each row's `against_best` and `against_opal`, of every metric that users have.

    A difference is the mean over users of (row less reference), each user's value being the mean
    over seeds first. It is `marked` if its 95 % interval excludes 0 and its p-value, corrected by
    Holm's method over all tests of the table, is below 0.05. The reference's own entries stay
    empty. Where both references meet, or are the same row, the two entries tell of one test, and
    Holm's method counts it once.

    Args:
        rows: all rows; changed in place.
        metric: the metric on validation that names the references.
        bigger: whether more of it is better.
    """
    best = best_row(rows, metric, bigger=bigger)
    opal = opal_row(rows, metric, bigger=bigger)
    tests = _Tests()
    for reference in (best, opal):
        if reference is not None:
            for row in rows:
                tests.add(row, reference)
    tests.run()
    for row in rows:
        row.against_best = tests.between(row, best) if best else {}
        row.against_opal = tests.between(row, opal) if opal else None


class _Tests:
    """All tests of a table, computed together: the draws of users serve every one of them.

    Two rows are tested once a metric; the difference the other way round is its mirror image.
    """

    def __init__(self) -> None:
        self._ones: dict[str, FloatArray] = {}
        self._others: dict[str, FloatArray] = {}
        self._metrics: dict[tuple[int, int], dict[str, str]] = {}  # pair of rows, metric, test
        self._found: dict[str, dict[str, Any]] = {}

    def add(self, row: Row, reference: Row) -> None:
        """Remember the tests of two rows, unless they are known, either way round."""
        pair = (id(row), id(reference))
        if row is reference or not (row.measured and reference.measured):
            return
        if pair in self._metrics or pair[::-1] in self._metrics:
            return
        metrics = self._metrics[pair] = {}
        names, own = row.users
        others, values = reference.users
        _, left, right = np.intersect1d(names, others, return_indices=True)
        for metric in own:
            if metric not in values:
                continue
            one = own[metric].mean(axis=0)[left]  # (E,)
            other = values[metric].mean(axis=0)[right]  # (E,)
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
            self._found[test] = {
                **{name: getattr(result, name) for name in _KEPT},
                "p_adjusted": float(p),
                "marked": bool(outside and p < LEVEL),
            }

    def between(self, row: Row, reference: Row) -> dict[str, dict[str, Any]]:
        """Return what was found of (row less reference), by metric; empty if not tested."""
        pair = (id(row), id(reference))
        if pair in self._metrics:
            return {metric: self._found[test] for metric, test in self._metrics[pair].items()}
        mirrored = self._metrics.get(pair[::-1], {})
        return {metric: _mirrored(self._found[test]) for metric, test in mirrored.items()}


def _mirrored(found: dict[str, Any]) -> dict[str, Any]:
    """Return a difference the other way round: the same test with the signs changed."""
    mirror = {
        "difference": "difference",
        "low": "high",
        "high": "low",
        "effect_size": "effect_size",
    }
    # Subtracted, so that 0 stays 0 and is not shown as -0.
    return found | {name: 0.0 - found[other] for name, other in mirror.items()}

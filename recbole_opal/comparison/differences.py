"""Which differences can be trusted: paired over users, corrected over the whole table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recbole_opal.comparison.rows import Row
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
    sign = 1.0 if bigger else -1.0
    candidates = [row for row in rows if metric in row.valid]
    return max(candidates, key=lambda row: sign * row.valid[metric].mean, default=None)


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
    empty.

    Args:
        rows: all rows; changed in place.
        metric: the metric on validation that names the references.
        bigger: whether more of it is better.
    """
    best = best_row(rows, metric, bigger=bigger)
    opal = opal_row(rows, metric, bigger=bigger)
    # Where OPAL is the best, both columns are the same tests: they are counted once.
    references = {id(row): row for row in (best, opal) if row is not None}
    pairs = _Pairs()
    filled = {
        key: {id(row): pairs.add(row, reference) for row in rows}
        for key, reference in references.items()
    }
    pairs.fill()
    for row in rows:
        row.against_best = filled[id(best)][id(row)] if best else {}
        row.against_opal = filled[id(opal)][id(row)] if opal else None


class _Pairs:
    """All tests of a table, computed together: the draws of users serve every one of them."""

    def __init__(self) -> None:
        self._ones: dict[str, FloatArray] = {}
        self._others: dict[str, FloatArray] = {}
        self._places: list[tuple[dict[str, dict[str, Any]], str]] = []

    def add(self, row: Row, reference: Row) -> dict[str, dict[str, Any]]:
        """Remember the tests of a row; return where `fill` will write them, by metric."""
        found: dict[str, dict[str, Any]] = {}
        if row is reference or not row.measured:
            return found
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
            key = str(len(self._places))
            self._ones[key], self._others[key] = one, other
            self._places.append((found, metric))
        return found

    def fill(self) -> None:
        """Do the tests, correct their p-values, and write all down."""
        results = list(paired_differences(self._ones, self._others).values())
        adjusted = adjust([result.p for result in results])
        for (found, metric), result, p in zip(self._places, results, adjusted, strict=True):
            outside = result.low > 0 or result.high < 0
            found[metric] = {
                **{name: getattr(result, name) for name in _KEPT},
                "p_adjusted": float(p),
                "marked": bool(outside and p < LEVEL),
            }

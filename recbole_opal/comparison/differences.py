"""Which differences can be trusted: paired over users, corrected over the whole table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recbole_opal.comparison.rows import Row
from recbole_opal.statistics import adjust, paired_difference

__all__ = ["add_differences", "best_row", "opal_row"]

# After Holm's correction over all tests of the table.
LEVEL = 0.05


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
    references = {id(each): each for each in (best, opal) if each is not None}
    tests: list[dict[str, Any]] = []
    filled: dict[int, dict[int, dict[str, dict[str, Any]]]] = {}
    for key, reference in references.items():
        filled[key] = {id(row): _against(row, reference, tests) for row in rows}
    for test, p in zip(tests, adjust([test["p"] for test in tests]), strict=True):
        outside = test["low"] > 0 or test["high"] < 0
        test |= {"p_adjusted": float(p), "marked": bool(outside and p < LEVEL)}
    for row in rows:
        row.against_best = filled[id(best)][id(row)] if best else {}
        row.against_opal = filled[id(opal)][id(row)] if opal else None


def _against(row: Row, reference: Row, tests: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    if row is reference or not row.measured:
        return found
    names, own = row.users
    others, values = reference.users
    _, left, right = np.intersect1d(names, others, return_indices=True)
    for metric in own:
        if metric in values:
            pair = _complete(own[metric][:, left], values[metric][:, right])
            if pair[0].shape[1] > 1:
                found[metric] = _difference(*pair)
                tests.append(found[metric])
    return found


def _complete(
    one: NDArray[np.float64], other: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Keep the users whose value is defined in every run of both."""
    kept = np.isfinite(one).all(axis=0) & np.isfinite(other).all(axis=0)  # (E,)
    return one[:, kept], other[:, kept]


def _difference(one: NDArray[np.float64], other: NDArray[np.float64]) -> dict[str, Any]:
    result = paired_difference(one, other)
    names = ("difference", "low", "high", "effect_size", "p")
    return {name: float(getattr(result, name)) for name in names}

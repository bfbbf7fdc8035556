"""Brings the users of two runs into one order."""

from typing import Any

import numpy as np
import numpy.typing as npt

from recbole_opal.errors import DataError

__all__ = ["match_users"]


def match_users(one: npt.NDArray[Any], other: npt.NDArray[Any]) -> npt.NDArray[np.int64]:
    """Return the `(E,)` places in `other` of the users of `one`, so `other[places] == one`.

    Args:
        one: `(E,)` user ids or tokens, each once.
        other: the same users in any order.

    Raises:
        DataError: the users are not the same, or one occurs twice.
    """
    by_one, by_other = np.argsort(one, kind="stable"), np.argsort(other, kind="stable")
    if len(np.unique(one)) < len(one) or len(np.unique(other)) < len(other):
        raise DataError(
            "a user stands twice among the values of a run; run it again, its file is not sound."
        )
    if len(one) != len(other) or not np.array_equal(one[by_one], other[by_other]):
        common = len(np.intersect1d(one, other))
        raise DataError(
            f"the runs were tested on different users ({len(one)} and {len(other)}, {common} of "
            "them the same); compare runs with the same dataset, filters and eval_args."
        )
    places = np.empty(len(one), dtype=np.int64)
    places[by_one] = by_other
    return places

"""Holm's correction of p-values for many tests."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

__all__ = ["adjust"]


def adjust(p_values: Sequence[float] | npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return p-values such that calling all below a level holds the chance of any error there.

    Holm's step-down method: the smallest of n p-values is multiplied by n, the next by n - 1, and
    so on; none falls below the one before, none exceeds 1. It needs nothing of how the tests
    depend on each other, unlike a control of the false discovery rate, which is all that scipy
    offers. Source: S. Holm, A simple sequentially rejective multiple test procedure,
    Scandinavian Journal of Statistics 6 (1979).

    Args:
        p_values: `(n,)` in [0, 1].

    Returns:
        `(n,)` float64, in the order given.

    Raises:
        ValueError: a value is not in [0, 1].
    """
    given = np.asarray(p_values, dtype=np.float64)
    if not bool(((given >= 0) & (given <= 1)).all()):
        raise ValueError("p-values lie in [0, 1]; leave out tests that have none.")
    order = np.argsort(given, kind="stable")
    scaled = given[order] * np.arange(len(given), 0, -1)
    adjusted = np.empty_like(given)
    adjusted[order] = np.minimum(np.maximum.accumulate(scaled), 1.0)
    return adjusted

"""How unevenly something is shared out."""

from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["gini"]


def gini(counts: npt.NDArray[np.integer[Any]]) -> float:
    """Return the Gini index of `(N,)` counts, in [0, 1); 0 if all are 0.

    Args:
        counts: how much each of N has, in any order.
    """
    total = int(counts.sum())
    if total == 0:
        return 0.0
    size = len(counts)
    weights = 2 * np.arange(1, size + 1) - size - 1
    return float((weights * np.sort(counts)).sum() / total / size)

"""How unevenly something is shared out."""

from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["gini"]


def gini(counts: npt.NDArray[np.integer[Any]]) -> float:
    """Return the Gini index of (N,) counts in any order, in [0, 1); 0 if all are 0."""
    total, size = int(counts.sum()), len(counts)
    weights = 2 * np.arange(1, size + 1) - size - 1
    return float((weights * np.sort(counts)).sum() / max(total, 1) / max(size, 1))

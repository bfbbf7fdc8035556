"""Bootstrap means: what the mean over users could have been with other users."""

import numpy as np
import numpy.typing as npt

__all__ = ["bootstrap_means"]

_CHUNK_COUNTS = 2**21
"""Counts held at a time, resamples x users, float64 (16 MiB)."""


def bootstrap_means(
    values: npt.NDArray[np.float64], resamples: int, generator: np.random.Generator
) -> npt.NDArray[np.float64]:
    """Draw E users with replacement, again and again, and average each column.

    All columns see the same draws, so that the work hardly grows with their number: a resample is
    a count of each user, and the means of all columns are one matrix product. scipy's `bootstrap`
    would draw for each column anew and gather `resamples x E` values.

    Args:
        values: `(E, M)`, a row for each user.
        resamples: how often, at least 1.
        generator: what draws.

    Returns:
        `(resamples, M)` float64.
    """
    users = len(values)
    means = np.empty((resamples, values.shape[1]))
    step = max(1, _CHUNK_COUNTS // users)
    counts = np.empty((min(step, resamples), users))
    for start in range(0, resamples, step):
        rows = min(step, resamples - start)
        for row in range(rows):
            drawn = generator.integers(0, users, users, dtype=np.int32)
            counts[row] = np.bincount(drawn, minlength=users)
        means[start : start + rows] = counts[:rows] @ values / users
    return means

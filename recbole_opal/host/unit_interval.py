"""Columns of numbers scaled to [0, 1]."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from recbole.utils import FeatureType

__all__ = ["scaled"]

FloatArray = npt.NDArray[np.float64]


def scaled(column: Any, kind: FeatureType) -> Any:
    """Return `(R,)` numbers, or arrays of them, scaled together to [0, 1]; constant ones become 1.

    Args:
        column: of a frame.
        kind: FLOAT or FLOAT_SEQ.
    """
    if kind == FeatureType.FLOAT:
        return _to_unit_interval(column.to_numpy(dtype=np.float64))
    arrays = [np.asarray(values, dtype=np.float64) for values in column]
    lengths = [len(values) for values in arrays]
    scaled = np.split(_to_unit_interval(np.concatenate(arrays)), np.cumsum(lengths)[:-1])
    return pd.Series(scaled, index=column.index, dtype=object)


def _to_unit_interval(values: FloatArray) -> FloatArray:
    low, high = np.min(values, initial=np.inf), np.max(values, initial=-np.inf)
    return (values - low) / (high - low) if high > low else np.ones_like(values)

"""Arrays of which every process has a part, as one in each of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from recbole_opal.distributed.agreement import agreed
from recbole_opal.distributed.group import current
from recbole_opal.distributed.rows import joined_rows

__all__ = ["joined_arrays"]

Array = npt.NDArray[Any]


def joined_arrays(own: Sequence[Array]) -> Sequence[Array]:
    """Return the rows of all processes, in the order of their ranks; alone, the arrays themselves.

    The first process must have arrays, (R, ...) each; one that has no rows may give none at all.
    """
    if current() is None:
        return own
    # Bytes, since torch knows fewer types than numpy.
    forms = agreed([(each.dtype.str, each.shape[1:]) for each in own])
    given = own or [np.empty((0, *shape), dtype) for dtype, shape in forms]
    return [_joined(array) for array in given]


def _joined(array: Array) -> Array:
    width = int(np.prod(array.shape[1:], dtype=np.int64)) * array.itemsize
    own = torch.from_numpy(np.ascontiguousarray(array).view(np.uint8).reshape(len(array), width))
    rows = joined_rows(own).numpy()
    return rows.reshape(-1).view(array.dtype).reshape(len(rows), *array.shape[1:])

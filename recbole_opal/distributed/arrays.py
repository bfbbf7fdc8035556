"""Arrays of which every process has a part, as one in each of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from recbole_opal.distributed.agreement import agreed
from recbole_opal.distributed.group import current
from recbole_opal.distributed.rows import joined_rows

__all__ = ["Array", "joined_arrays"]

Array = npt.NDArray[Any]


def joined_arrays(own: Mapping[str, Array]) -> Mapping[str, Array]:
    """Return the rows of all processes, in the order of their ranks; alone, the arrays themselves.

    The first process has arrays, (R, ...) each; one that has no rows may give none at all.
    """
    if current() is None:
        return own
    forms = agreed([(name, array.dtype.str, array.shape[1:]) for name, array in own.items()])
    given = own or {name: np.empty((0, *shape), kind) for name, kind, shape in forms}
    return {name: _joined(given[name]) for name, _, _ in forms}


def _joined(array: Array) -> Array:
    """Join as bytes, since torch knows fewer types than numpy."""
    width = int(np.prod(array.shape[1:], dtype=np.int64)) * array.itemsize
    own = torch.from_numpy(np.ascontiguousarray(array).view(np.uint8).reshape(len(array), width))
    rows = joined_rows(own).numpy()
    return rows.reshape(-1).view(array.dtype).reshape(len(rows), *array.shape[1:])

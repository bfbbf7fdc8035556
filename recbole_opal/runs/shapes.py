"""The shapes of a run's arrays: what is not as a run leaves it is told before it is computed with.

The digests of a run folder say that nothing has changed since it was written, not by whom.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy.typing as npt

__all__ = ["is_metric", "misfit"]

# By the start of the file's name: array to its axes; equal letters are equal lengths. Arrays of
# ids and counts are whole numbers from 0.
_LAYOUTS: dict[str, dict[str, str]] = {
    "per_user-": {"user_id": "E", "history_length": "E"},
    "lists-": {"user_id": "E", "items": "Ek"},
    "targets-": {"user_id": "T", "item": "T"},
    "item_counts.": {"counts": "N"},
    "item_categories.": {"item": "P", "category": "P"},
}


def misfit(name: str, arrays: Mapping[str, npt.NDArray[Any]]) -> str | None:
    """Return what is wrong with the arrays of a run's file, None if nothing is.

    Args:
        name: of the file, for example `per_user-soft-test.npz`.
        arrays: what it holds.
    """
    layout = next(axes for start, axes in _LAYOUTS.items() if name.startswith(start))
    sizes: dict[str, int] = {}
    for array, axes in layout.items():
        values = arrays.get(array)
        if values is None:
            return f"has no array {array}"
        if values.ndim != len(axes) or values.dtype.kind not in "iu":
            return f"has {array} of {_kind(values)}"
        if any(sizes.setdefault(axis, n) != n for axis, n in zip(axes, values.shape, strict=True)):
            return f"has {array} of {_kind(values)}, which does not fit the others"
        if values.size and not 0 <= int(values.min()) <= int(values.max()) < 2**31:
            return f"has {array} outside of 0..{2**31 - 1}"
    if name.startswith("item_counts.") and not sizes["N"]:
        return "counts no item"
    return _metrics(arrays, sizes["E"]) if name.startswith("per_user-") else None


def is_metric(array: str) -> bool:
    """Tell whether an array of a `per_user-` file holds a metric."""
    return array not in _LAYOUTS["per_user-"]


def _metrics(arrays: Mapping[str, npt.NDArray[Any]], users: int) -> str | None:
    for array, values in arrays.items():
        if is_metric(array) and (values.shape != (users,) or values.dtype.kind not in "fiub"):
            return f"has {array} of {_kind(values)} for {users} users"
    return None


def _kind(values: npt.NDArray[Any]) -> str:
    return f"shape {values.shape} and type {values.dtype}"

"""The shapes of a run's arrays: what is not as a run leaves it is told before it is computed with.

The digests of a run folder say that nothing has changed since it was written, not by whom.
"""

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
    "histories-": {"user_id": "E", "items": "R", "lengths": "E"},
    "item_counts.": {"counts": "N"},
    "item_categories.": {"item": "P", "category": "P"},
}


def misfit(name: str, arrays: Mapping[str, npt.NDArray[Any]]) -> str | None:
    """Return what is wrong with the arrays of a run's file of this name, None if nothing is."""
    start = next(start for start in _LAYOUTS if name.startswith(start))
    sizes: dict[str, int] = {}
    for array, axes in _LAYOUTS[start].items():
        values = arrays.get(array)
        if values is None:
            return f"has no array {array}"
        kind = f"shape {values.shape} and type {values.dtype}"
        if values.ndim != len(axes) or values.dtype.kind not in "iu":
            return f"has {array} of {kind}"
        if any(sizes.setdefault(axis, n) != n for axis, n in zip(axes, values.shape, strict=True)):
            return f"has {array} of {kind}, which does not fit the others"
        if values.size and not 0 <= int(values.min()) <= int(values.max()) < 2**31:
            return f"has {array} outside of 0..{2**31 - 1}"
    if start == "item_counts." and not sizes["N"]:
        return "counts no item"
    if start == "histories-":
        return _torn(arrays)
    for array, values in arrays.items() if start == "per_user-" else ():
        if is_metric(array) and (values.shape != (sizes["E"],) or values.dtype.kind not in "fiub"):
            kind = f"shape {values.shape} and type {values.dtype}"
            return f"has {array} of {kind} for {sizes['E']} users"
    return None


def _torn(histories: Mapping[str, npt.NDArray[Any]]) -> str | None:
    """Return where the lengths of histories, or their times, do not fit their items."""
    items, times = histories["items"], histories.get("times")
    if int(histories["lengths"].sum()) != len(items):
        return "has lengths that do not add up to its items"
    if times is not None and (times.shape != items.shape or times.dtype.kind != "f"):
        return f"has times of shape {times.shape} and type {times.dtype} for {len(items)} items"
    return None


def is_metric(array: str) -> bool:
    """Tell whether an array of a `per_user-` file holds a metric."""
    return array not in _LAYOUTS["per_user-"]

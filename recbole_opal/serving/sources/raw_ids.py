"""Ids as the text that a model was trained on."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from recbole_opal.errors import DataError

__all__ = ["as_texts", "float_ids"]


def as_texts(ids: Iterable[Any], place: str) -> list[str]:
    """Return ids as text: text as it is, whole numbers by their digits.

    Args:
        ids: a list, an array, a tensor, a Series, ...
        place: whose they are, for messages.

    Raises:
        DataError: one is a float, missing, or something else that is no id; or `ids` are one text.
    """
    if isinstance(ids, (str, bytes)) or not isinstance(ids, Iterable):
        raise DataError(f"{place} are {ids!r}, which is no list; write for example [{ids!r}].")
    values = ids.tolist() if hasattr(ids, "tolist") else list(ids)
    kinds = set(map(type, values))
    if kinds <= {str}:
        return values
    if kinds <= {int, str}:
        return list(map(str, values))
    return [_as_text(value, place) for value in values]


def float_ids(place: str) -> DataError:
    """Return what to say of a column of floats: a missing cell makes 1.0 of 1."""
    return DataError(
        f"{place} holds floats, which are no ids (a missing value makes 1.0 of 1); read the column "
        "as text, for example with dtype=str, or drop the missing rows and use "
        ".astype('int64').astype(str)."
    )


def _as_text(value: Any, place: str) -> str:
    if isinstance(value, str):
        return str(value)
    if isinstance(value, (int, np.integer)) and not isinstance(value, bool):
        return str(int(value))
    what = "missing" if value is None or value != value else f"{value!r}"  # NaN is not itself
    raise DataError(
        f"{place}: an id is {what}, which is neither text nor a whole number; write it as text, as "
        "the training data has it, or take it out."
    )

"""Ids without what cannot be seen around them, and a count of those that had some."""

from __future__ import annotations

import pandas as pd

from recbole_opal.conversion.atomic_file import BYTE_ORDER_MARK
from recbole_opal.conversion.source import Tally

__all__ = ["CleanIds"]


class CleanIds:
    """Takes white space and byte order marks off the ids of a table.

    They are never part of an id: `1, 2` in one file is `2` in another.

    Args:
        tally: is told at the end how many ids were changed.
        origin: where the table stands, for the user.
    """

    def __init__(self, tally: Tally, origin: str) -> None:
        """See the class."""
        self._tally = tally
        self._origin = origin
        self._changed = 0

    def ids(self, chunk: pd.DataFrame, *columns: str) -> pd.DataFrame:
        """Return a chunk with clean ids; what is no text becomes the empty one.

        Args:
            chunk: of the table.
            columns: those that hold ids.
        """
        return chunk.assign(**{column: self._clean(chunk[column]) for column in columns})

    def tell(self) -> None:
        """Note how many ids were changed, if any."""
        if self._changed:
            self._tally.notes.append(
                f"{self._origin}: {self._changed:,} ids stood between blanks or invisible marks, "
                "which were taken off"
            )

    def _clean(self, ids: pd.Series) -> pd.Series:
        given = [one if isinstance(one, str) else "" for one in ids]
        clean = [one.strip() for one in given]
        if BYTE_ORDER_MARK in "".join(clean):
            clean = [one.replace(BYTE_ORDER_MARK, "").strip() for one in clean]
        if clean != given:
            pairs = zip(clean, given, strict=True)
            self._changed += sum(bool(one) and one != other for one, other in pairs)
        return pd.Series(clean, index=ids.index, dtype=object)

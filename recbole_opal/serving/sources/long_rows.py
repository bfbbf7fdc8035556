"""Rows that hold one item each, in any order, gathered to the histories of users."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from recbole_opal.errors import DataError
from recbole_opal.serving.histories import RawHistories

__all__ = ["LongRows"]

IntArray = npt.NDArray[np.int32]
FloatArray = npt.NDArray[np.float64]


class LongRows:
    """Takes rows chunk by chunk, then yields their users batch by batch.

    A row is held as two int32 and, where there are times, a float64.

    Args:
        timed: whether the rows have times.
    """

    def __init__(self, timed: bool) -> None:
        """See the class."""
        self._timed = timed
        self._users: dict[Any, int] = {}
        self._items: dict[str, int] = {}
        self._user_parts: list[IntArray] = []
        self._item_parts: list[IntArray] = []
        self._time_parts: list[FloatArray] = []
        self._alone: dict[int, str] = {}  # users of rows without an item, and where they stand

    def add(
        self,
        users: tuple[npt.NDArray[Any], Sequence[Any]],
        items: tuple[npt.NDArray[Any], Sequence[str]],
        times: FloatArray | None,
        place: Callable[[int], str],
    ) -> None:
        """Take a chunk of n rows.

        Args:
            users: (n,) places in the list of distinct users behind it; -1: missing.
            items: the same of the items; -1: none, the row names its user alone.
            times: (n,) float64; NaN: missing, which only a row without an item may have.
            place: where a row, from 0, stands.

        Raises:
            DataError: a user or a time is missing.
        """
        own, met = _coded(users, self._users), _coded(items, self._items)
        _refuse(own < 0, place, "the user is missing; write it or take the row out")
        has_item = met >= 0
        if times is not None:
            wrong = has_item & ~np.isfinite(times)
            _refuse(wrong, place, "the time is missing or infinite; write it or take the row out")
        for row in np.flatnonzero(~has_item):
            self._alone.setdefault(int(own[row]), place(int(row)))
        if not has_item.all():
            own, met = own[has_item], met[has_item]
            times = None if times is None else times[has_item]
        self._user_parts.append(own)
        self._item_parts.append(met)
        if times is not None:
            self._time_parts.append(times)

    def batches(
        self, batch_size: int, in_seconds: Callable[[FloatArray], FloatArray] | None = None
    ) -> Iterator[RawHistories]:
        """Yield the histories, each user once, in the order in which they were met.

        Args:
            batch_size: users at a time.
            in_seconds: converts all times; None: they are seconds.

        Raises:
            DataError: a row without an item names a user who has some in other rows.
        """
        users = _joined(self._user_parts, np.int32)
        items = _joined(self._item_parts, np.int32)
        times = _joined(self._time_parts, np.float64) if self._timed else None
        if times is not None and in_seconds is not None:
            times = in_seconds(times)
        ends = np.cumsum(np.bincount(users, minlength=len(self._users)))  # (U,)
        self._refuse_lost(np.diff(ends, prepend=0))
        order = _order(users, times)
        del users
        names = list(self._users)
        tokens = np.array([*self._items], dtype=object)
        for start in range(0, len(names), batch_size):
            stop = min(start + batch_size, len(names))
            first, last = int(ends[start - 1]) if start else 0, int(ends[stop - 1])
            rows = slice(first, last) if order is None else order[first:last]
            cuts = (ends[start:stop] - first).tolist()
            yield RawHistories(
                names[start:stop],
                _cut(tokens[items[rows]].tolist(), cuts),
                None if times is None else _cut(times[rows].tolist(), cuts),
            )

    def _refuse_lost(self, counts: npt.NDArray[np.int64]) -> None:
        for user, place in self._alone.items():
            if counts[user]:
                raise DataError(
                    f"{place}: the item is missing, though other rows of the user "
                    f"{list(self._users)[user]} have one; write it or take the row out."
                )


def _coded(given: tuple[npt.NDArray[Any], Sequence[Any]], numbers: dict[Any, int]) -> IntArray:
    """Return (n,) int32 numbers of all chunks alike; a new id gets the next one; -1: missing."""
    places, distinct = given
    known = np.fromiter(
        (numbers.setdefault(one, len(numbers)) for one in distinct), np.int32, len(distinct)
    )
    with_missing: IntArray = np.append(known, np.int32(-1))
    found: IntArray = with_missing[places]  # place -1 is the last
    return found


def _refuse(wrong: npt.NDArray[np.bool_], place: Callable[[int], str], why: str) -> None:
    if wrong.any():
        raise DataError(f"{place(int(wrong.argmax()))}: {why}.")


def _joined(parts: list[Any], kind: Any) -> npt.NDArray[Any]:
    """Return all parts as one array, and empty the list, so that both are held but once."""
    whole = np.concatenate(parts) if parts else np.empty(0, dtype=kind)
    parts.clear()
    return whole


def _order(users: IntArray, times: FloatArray | None) -> npt.NDArray[np.int64] | None:
    """Return (n,) rows by user, then by time, then as given; None: they are so already."""
    ahead = users[1:] > users[:-1]
    same = users[1:] == users[:-1]
    if times is not None:
        same &= times[1:] >= times[:-1]
    if (ahead | same).all():
        return None
    if times is None:
        return np.argsort(users, kind="stable")
    order: npt.NDArray[np.int64] = np.lexsort((times, users))
    return order


def _cut(flat: list[Any], ends: list[int]) -> list[list[Any]]:
    return [flat[start:end] for start, end in zip([0, *ends], ends, strict=False)]

"""Every user's interactions in time order, as flat arrays with offsets."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

__all__ = ["IntArray", "UserSequences", "first_occurrences"]

IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True)
class UserSequences:
    """All sequences end to end: user `u` owns the flat positions `offsets[u]:offsets[u + 1]`.

    Attributes:
        users: (U,) int64, internal user ids, ascending; only users with interactions.
        offsets: (U + 1,) int64, where each user's interactions begin in the flat arrays.
        items: (R,) int64, internal item ids (>= 1), oldest first within a user.
        times: (R,) float64, the timestamps in seconds.
        first_seen: (R,) int64, flat position where the same user met the same item first.
    """

    users: IntArray
    offsets: IntArray
    items: IntArray
    times: npt.NDArray[np.float64]
    first_seen: IntArray

    @classmethod
    def from_columns(
        cls, users: npt.ArrayLike, items: npt.ArrayLike, times: npt.ArrayLike
    ) -> UserSequences:
        """Order interactions by user, then time; ties in time keep the order given.

        Time is compared in float64. RecBole compares in float32, where all times within 64 to
        128 seconds of each other are equal for present-day Unix time.

        Args:
            users: (R,) integers, internal user ids.
            items: (R,) integers, internal item ids.
            times: (R,) numbers, seconds or any other monotone unit.
        """
        user_column = np.asarray(users, dtype=np.int64)
        item_column = np.asarray(items, dtype=np.int64)
        time_column = np.asarray(times, dtype=np.float64)
        order = np.lexsort((time_column, user_column))  # stable: ties keep file order
        sorted_users = user_column[order]
        distinct, starts = np.unique(sorted_users, return_index=True)
        offsets = np.append(starts, len(order)).astype(np.int64)
        sorted_items = item_column[order]
        return cls(
            users=distinct,
            offsets=offsets,
            items=sorted_items,
            times=time_column[order],
            first_seen=first_occurrences(sorted_users, sorted_items),
        )

    def __len__(self) -> int:
        """Return the number of users, U."""
        return len(self.users)

    @cached_property
    def duplicates(self) -> tuple[IntArray, IntArray]:
        """Flat positions of interactions with the user, item and time of an earlier one.

        Two arrays, (D,) int64 each: the position, and that of the first such interaction.
        """
        repeats = np.flatnonzero(self.first_seen != np.arange(len(self.items)))
        repeats = repeats[np.argsort(self.first_seen[repeats], kind="stable")]
        pairs = self.first_seen[repeats]
        follows = pairs == np.roll(pairs, 1)
        follows[:1] = False
        before = np.where(follows, np.roll(repeats, 1), pairs)
        same = self.times[repeats] == self.times[before]
        begins = ~(follows & np.roll(same, 1))  # the nearest before is no duplicate itself
        first = before[np.maximum.accumulate(np.where(begins, np.arange(len(before)), 0))]
        return repeats[same], first[same]

    @property
    def starts(self) -> IntArray:
        """(U,) int64, flat position of each user's first interaction."""
        return self.offsets[:-1]

    @property
    def lengths(self) -> IntArray:
        """(U,) int64, number of interactions of each user."""
        return np.diff(self.offsets)


def first_occurrences(groups: IntArray, items: IntArray) -> IntArray:
    """Return (R,) int64, for each row the position of the first row with its group and item.

    Args:
        groups: (R,) numbers of what owns a row, for example its user.
        items: (R,) internal item ids.
    """
    if len(groups) == 0:
        return np.empty(0, dtype=np.int64)
    keys = groups * (int(items.max()) + 1) + items
    _, first, inverse = np.unique(keys, return_index=True, return_inverse=True)
    positions: IntArray = first[inverse.reshape(-1)].astype(np.int64)
    return positions

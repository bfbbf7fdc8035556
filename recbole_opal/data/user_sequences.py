"""Every user's interactions in time order, as flat arrays, and windows of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

__all__ = [
    "IntArray",
    "UserSequences",
    "first_occurrences",
    "flatten_ranges",
    "last_positions",
    "next_items",
    "starts_of",
    "user_ranges",
]

IntArray = npt.NDArray[np.int64]

_BLOCK = 2**22
"""Interactions that are counted at a time: what is made of them is some 100 MiB."""


@dataclass(frozen=True)
class UserSequences:
    """All sequences end to end: user `u` owns the flat positions `offsets[u]:offsets[u + 1]`."""

    users: IntArray  # (U,) internal ids, ascending; only users with interactions
    offsets: IntArray  # (U + 1,) where each user's interactions begin in the flat arrays
    items: IntArray  # (R,) internal ids (>= 1), oldest first within a user
    times: npt.NDArray[np.float64]  # (R,) in seconds
    first_seen: IntArray  # (R,) flat position where the same user met the same item first

    @classmethod
    def from_columns(
        cls, users: npt.ArrayLike, items: npt.ArrayLike, times: npt.ArrayLike
    ) -> UserSequences:
        """Order interactions, (R,) each, by user, then time; ties in time keep the order given.

        Time is compared in float64. RecBole compares in float32, where all times within 64 to
        128 seconds of each other are equal for present-day Unix time.
        """
        owners = np.asarray(users, dtype=np.int64)
        moments = np.asarray(times, dtype=np.float64)
        order = np.lexsort((moments, owners))  # stable: ties keep file order
        owners = owners[order]
        met = np.asarray(items, dtype=np.int64)[order]
        distinct, starts = np.unique(owners, return_index=True)
        return cls(
            users=distinct,
            offsets=np.append(starts, len(order)).astype(np.int64),
            items=met,
            times=moments[order],
            first_seen=first_occurrences(owners, met),
        )

    def __len__(self) -> int:
        """Return the number of users, U."""
        return len(self.users)

    @property
    def starts(self) -> IntArray:
        """(U,) int64, flat position of each user's first interaction."""
        return self.offsets[:-1]

    @property
    def ends(self) -> IntArray:
        """(U,) int64, flat position after each user's last interaction."""
        return self.offsets[1:]

    @property
    def lengths(self) -> IntArray:
        """(U,) int64, number of interactions of each user."""
        return np.diff(self.offsets)

    @property
    def owners(self) -> IntArray:
        """(R,) int64, the index in `users` of each interaction's user."""
        return np.repeat(np.arange(len(self)), self.lengths)

    @cached_property
    def firsts(self) -> tuple[IntArray, IntArray]:
        """The items met for the first time, and (R + 1,) how many of them stand before a place."""
        new = self.first_seen == np.arange(len(self.first_seen))
        return self.items[new], np.concatenate([[0], new.cumsum()])

    def blocks(self) -> Iterator[tuple[int, UserSequences]]:
        """Yield the sequences, some whole users at a time, so that little is held at once.

        Each block comes with the flat position where it begins; its own positions begin at 0.
        """
        for first, last in user_ranges(self.offsets):
            start, end = int(self.offsets[first]), int(self.offsets[last])
            part = slice(start, end)
            yield (
                start,
                UserSequences(
                    self.users[first:last],
                    self.offsets[first : last + 1] - start,
                    self.items[part],
                    self.times[part],
                    self.first_seen[part] - start,
                ),
            )

    @cached_property
    def duplicates(self) -> tuple[IntArray, IntArray]:
        """Flat positions of interactions with the user, item and time of an earlier one.

        Two arrays, (D,) int64 each: the position, and that of the first such interaction.
        """
        found = [start + np.stack(block._repeated()) for start, block in self.blocks()]
        later, first = np.concatenate([np.empty((2, 0), dtype=np.int64), *found], axis=1)
        return later, first

    def _repeated(self) -> tuple[IntArray, IntArray]:
        """Return `duplicates` in one pass."""
        rows = np.flatnonzero(np.bincount(self.first_seen)[self.first_seen] > 1)
        rows = rows[np.argsort(self.first_seen[rows], kind="stable")]  # pair by pair, in time order
        pairs, times = self.first_seen[rows], self.times[rows]
        again = np.zeros(len(rows), dtype=bool)
        again[1:] = (pairs[1:] == pairs[:-1]) & (times[1:] == times[:-1])
        first = rows[np.maximum.accumulate(np.where(again, 0, np.arange(len(rows))))]
        return rows[again], first[again]


def user_ranges(offsets: IntArray, size: int = _BLOCK) -> Iterator[tuple[int, int]]:
    """Yield `first, last` of ranges of users with at most `size` interactions, or of one user.

    `offsets`, (U + 1,), tell where each user's interactions begin.
    """
    first = 0
    while first < len(offsets) - 1:
        most = int(np.searchsorted(offsets, offsets[first] + size, side="right")) - 1
        last = max(most, first + 1)
        yield first, last
        first = last


def first_occurrences(groups: IntArray, items: IntArray) -> IntArray:
    """Return (R,) int64, for each row the position of the first row with its group and item."""
    keys = groups * (int(items.max(initial=0)) + 1) + items
    _, first, inverse = np.unique(keys, return_index=True, return_inverse=True)
    positions: IntArray = first[inverse.reshape(-1)].astype(np.int64)
    return positions


def starts_of(lengths: IntArray) -> IntArray:
    """Return (n,) int64, where each of n ranges begins that lie end to end from 0."""
    return np.cumsum(lengths) - lengths


def last_positions(starts: IntArray, ends: IntArray, width: int) -> tuple[IntArray, IntArray]:
    """Return the positions of the last `width` places before each end, and how many a row has.

    They are laid end to end, (T,), row after row, oldest first; no row reaches before its start.
    """
    lengths = np.minimum(ends - starts, width)
    return flatten_ranges(ends - lengths, ends)[1], lengths


def next_items(items: IntArray, starts: IntArray, ends: IntArray, width: int) -> IntArray:
    """Gather up to `width` items from each start on, before each end; (B, <= W), 0 is padding."""
    lengths = np.minimum(ends - starts, width)
    columns = np.arange(max(int(lengths.max(initial=0)), 1))
    found = np.zeros((len(starts), len(columns)), dtype=np.int64)
    found[columns < lengths[:, None]] = items[flatten_ranges(starts, starts + lengths)[1]]
    return found


def flatten_ranges(starts: IntArray, ends: IntArray) -> tuple[IntArray, IntArray]:
    """Return the row number and the flat position of all places of many ranges, each (T,)."""
    lengths = ends - starts
    rows = np.repeat(np.arange(len(starts)), lengths)
    return rows, np.arange(len(rows)) + (starts - starts_of(lengths))[rows]

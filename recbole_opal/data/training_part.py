"""The interactions that training may see, user after user, never all in memory at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from recbole_opal.data.user_sequences import IntArray, UserSequences, flatten_ranges, user_ranges

__all__ = ["TrainingPart"]


@dataclass(frozen=True)
class TrainingPart:
    """What stands before `ends` in each user's sequence."""

    sequences: UserSequences
    ends: IntArray  # (U,) flat position after each user's training part

    @classmethod
    def of_columns(cls, users: npt.ArrayLike, items: npt.ArrayLike) -> TrainingPart:
        """Return a log, (R,) each, all of which is training; a user's rows stand in their order."""
        sequences = UserSequences.from_columns(users, items, np.zeros(len(np.asarray(users))))
        return cls(sequences, sequences.ends)

    def __len__(self) -> int:
        """Return the number of interactions, R."""
        return int(self._lengths.sum())

    @property
    def largest_user(self) -> int:
        """The largest internal id of a user who has an interaction."""
        return int(self.sequences.users[self._lengths > 0].max(initial=0))

    def item_counts(self, num_items: int) -> IntArray:
        """Return (N,) int64, how often each item is met."""
        counts = np.zeros(num_items, dtype=np.int64)
        for first, last in user_ranges(self.sequences.offsets):
            part = slice(first, last)
            _, places = flatten_ranges(self.sequences.starts[part], self.ends[part])
            counts += np.bincount(self.sequences.items[places], minlength=num_items)
        return counts

    def columns(self, chosen: npt.NDArray[np.bool_] | None = None) -> tuple[IntArray, IntArray]:
        """Return users and items, (R,) each, one user after the other in time.

        With `chosen`, bool by internal user id, only of some users.
        """
        sequences, rows = self.sequences, np.arange(len(self.sequences))
        if chosen is not None:
            rows = rows[self._lengths > 0]
            rows = rows[chosen[sequences.users[rows]]]
        owners, places = flatten_ranges(sequences.starts[rows], self.ends[rows])
        return sequences.users[rows][owners], sequences.items[places]

    @property
    def _lengths(self) -> IntArray:
        return self.ends - self.sequences.starts

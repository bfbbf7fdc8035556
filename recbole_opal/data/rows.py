"""Batches of training and evaluation rows, gathered from flat arrays when they are asked for."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from recbole_opal.data.protocols import Part, Split
from recbole_opal.data.user_sequences import IntArray, UserSequences, first_occurrences
from recbole_opal.data.windows import (
    flatten_ranges,
    next_items,
    previous_items,
    previous_times,
)

__all__ = ["EvalBatch", "EvalRows", "FutureRows", "NextItemRows", "TrainBatch"]

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class TrainBatch:
    """Training rows.

    Attributes:
        users: (B,) int64 internal user ids.
        histories: (B, <= L) int64, right-padded with 0, newest last.
        lengths: (B,) int64, >= 1.
        targets: (B, <= W) int64, right-padded with 0, nearest first.
        times: (B, <= L) float64, when each item of the histories was met, 0 at padding; None
            where they are not asked for.
    """

    users: IntArray
    histories: IntArray
    lengths: IntArray
    targets: IntArray
    times: FloatArray | None = None


@dataclass(frozen=True)
class EvalBatch:
    """Evaluation rows with all their targets.

    Attributes:
        users: (E,) int64 internal user ids.
        histories: (E, <= L) int64, right-padded with 0, newest last.
        lengths: (E,) int64, >= 1.
        target_rows: (T,) int64, row of each target.
        target_ids: (T,) int64, item of each target.
        mask_rows: row of each item to leave out of the lists, or None to leave none out.
        mask_ids: the items to leave out, or None.
        times: (E, <= L) float64, when each item of the histories was met, 0 at padding; None
            where they are not asked for.
    """

    users: IntArray
    histories: IntArray
    lengths: IntArray
    target_rows: IntArray
    target_ids: IntArray
    mask_rows: IntArray | None
    mask_ids: IntArray | None
    times: FloatArray | None = None


class FutureRows:
    """Random cuts of the training sequences: history before the cut, future items after it.

    Row `r` belongs to user `r % U`, so that an epoch meets each user `cuts_per_user` times. The
    cut is drawn when the row is gathered: uniform over the places with an item on both sides.
    Source: OPAL, future-item prediction; one target in the authors' code, up to W here.

    Args:
        sequences: all users.
        split: where training ends.
        history_width: L, the longest history.
        future_width: W, the most targets of a row; 1 is next-item prediction.
        cuts_per_user: rows of a user in one epoch.
        with_times: whether batches tell when the items of the histories were met.
    """

    def __init__(
        self,
        sequences: UserSequences,
        split: Split,
        *,
        history_width: int,
        future_width: int,
        cuts_per_user: int,
        with_times: bool = False,
    ) -> None:
        self._sequences = sequences
        self._ends = split.train_ends
        self._history_width = history_width
        self._future_width = future_width
        self._cuts_per_user = cuts_per_user
        self._with_times = with_times
        self.rows = np.flatnonzero(split.train_ends - sequences.starts >= 2)

    def __len__(self) -> int:
        """Return the number of rows of an epoch."""
        return len(self.rows) * self._cuts_per_user

    def batch(self, index: IntArray, draws: npt.NDArray[np.float64]) -> TrainBatch:
        """Gather rows.

        Args:
            index: (B,) row numbers in [0, len(self)).
            draws: (B,) uniform numbers in [0, 1), one for each row's cut.
        """
        users = self.rows[index % len(self.rows)]
        starts, ends = self._sequences.starts[users], self._ends[users]
        cuts = starts + 1 + (draws * (ends - starts - 1)).astype(np.int64)
        items = self._sequences.items
        histories, lengths = previous_items(items, starts, cuts, self._history_width)
        return TrainBatch(
            users=self._sequences.users[users],
            histories=histories,
            lengths=lengths,
            targets=next_items(items, cuts, ends, self._future_width),
            times=previous_times(self._sequences.times, cuts, lengths)
            if self._with_times
            else None,
        )


class NextItemRows:
    """One row for each training interaction that has a predecessor: RecBole's augmentation.

    RecBole writes out all rows beforehand; here a row is two numbers. Histories are padded to
    the full width, which RecBole's models expect.

    Args:
        sequences: all users.
        split: where training ends.
        history_width: L, the longest history.
    """

    def __init__(self, sequences: UserSequences, split: Split, *, history_width: int) -> None:
        self._sequences = sequences
        self._history_width = history_width
        firsts = np.minimum(sequences.starts + 1, split.train_ends)
        self._users, self._positions = flatten_ranges(firsts, split.train_ends)

    def __len__(self) -> int:
        """Return the number of rows of an epoch."""
        return len(self._positions)

    def batch(self, index: IntArray) -> TrainBatch:
        """Gather rows; `targets` is (B, 1).

        Args:
            index: (B,) row numbers in [0, len(self)).
        """
        users, positions = self._users[index], self._positions[index]
        items = self._sequences.items
        histories, lengths = previous_items(
            items,
            self._sequences.starts[users],
            positions,
            self._history_width,
            full_width=True,
        )
        return TrainBatch(
            users=self._sequences.users[users],
            histories=histories,
            lengths=lengths,
            targets=items[positions][:, None],
        )


class EvalRows:
    """One row a user: the history, every item of the part as target, and what to leave out.

    With `mask_history` everything in the user's past, also what is older than the history
    window, is left out of the lists; a target the user has met before is then no target, and
    a row without targets is dropped.

    Args:
        sequences: all users.
        part: validation or test.
        history_width: L, the longest history.
        mask_history: whether seen items are left out of the lists.
        full_width: whether histories are always L wide, which RecBole's models expect.
        with_times: whether batches tell when the items of the histories were met; not together
            with `full_width`.

    Attributes:
        dropped_rows: rows without a target left.
        dropped_targets: targets left out since they were met before, repeated ones not counted.
        seen_targets: targets met before, left out or not, repeated ones not counted.
        seen_rows: rows of which every target was met before, left out or not.
    """

    def __init__(
        self,
        sequences: UserSequences,
        part: Part,
        *,
        history_width: int,
        mask_history: bool,
        full_width: bool = False,
        with_times: bool = False,
    ) -> None:
        self._sequences = sequences
        self._full_width = full_width
        self._with_times = with_times
        self._history_width = history_width
        self._mask_history = mask_history
        rows, positions = flatten_ranges(part.starts, part.ends)
        # Counted from the part's start: with the history unmasked, an item that is met there,
        # and twice here, is one target.
        once = first_occurrences(rows, sequences.items[positions]) == np.arange(len(rows))
        seen = once & (sequences.first_seen[positions] < part.starts[rows])
        self.seen_targets = int(seen.sum())
        new = np.bincount(rows[once & ~seen], minlength=len(part.rows))
        self.seen_rows = int((new == 0).sum())
        keep = once & ~seen if mask_history else once
        self.dropped_targets = int(once.sum() - keep.sum())
        counts = np.bincount(rows[keep], minlength=len(part.rows))
        kept_rows = counts > 0
        self.dropped_rows = int((~kept_rows).sum())
        self._users = part.rows[kept_rows]
        self._history_ends = part.starts[kept_rows]
        self._targets = sequences.items[positions[keep]]
        self._target_offsets = np.append(0, np.cumsum(counts[kept_rows])).astype(np.int64)

    def __len__(self) -> int:
        """Return the number of rows, E."""
        return len(self._users)

    @property
    def num_targets(self) -> int:
        """Number of distinct targets over all rows."""
        return len(self._targets)

    def targets(self) -> tuple[IntArray, IntArray]:
        """Return the internal user id and the item of every target, each (T,), row by row."""
        users = self._sequences.users[self._users]
        return np.repeat(users, np.diff(self._target_offsets)), self._targets

    def batch(self, index: IntArray) -> EvalBatch:
        """Gather rows.

        Args:
            index: (B,) row numbers in [0, len(self)).
        """
        users, ends = self._users[index], self._history_ends[index]
        starts = self._sequences.starts[users]
        items = self._sequences.items
        histories, lengths = previous_items(
            items, starts, ends, self._history_width, full_width=self._full_width
        )
        target_rows, targets = flatten_ranges(
            self._target_offsets[index], self._target_offsets[index + 1]
        )
        mask_rows, mask_ids = None, None
        if self._mask_history:
            mask_rows, positions = flatten_ranges(starts, ends)
            mask_ids = items[positions]
        return EvalBatch(
            users=self._sequences.users[users],
            histories=histories,
            lengths=lengths,
            target_rows=target_rows,
            target_ids=self._targets[targets],
            mask_rows=mask_rows,
            mask_ids=mask_ids,
            times=previous_times(self._sequences.times, ends, lengths)
            if self._with_times
            else None,
        )

"""Rows of training and evaluation, gathered from flat arrays batch by batch."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch

from recbole_opal.batches import EvaluationBatch, Histories, TrainingBatch
from recbole_opal.data.protocols import Part, Split
from recbole_opal.data.user_sequences import IntArray, UserSequences, first_occurrences
from recbole_opal.data.windows import (
    flatten_ranges,
    last_positions,
    next_items,
)

__all__ = ["EvalRows", "FutureRows", "NextItemRows"]


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
        self._sequences, self._ends = sequences, split.train_ends
        self._history_width, self._future_width = history_width, future_width
        self._cuts_per_user, self._with_times = cuts_per_user, with_times
        self._rows = np.flatnonzero(split.train_ends - sequences.starts >= 2)

    def __len__(self) -> int:
        """Return the number of rows of an epoch."""
        return len(self._rows) * self._cuts_per_user

    def users(self, index: IntArray) -> IntArray:
        """Return the internal user id of each row."""
        users: IntArray = self._sequences.users[self._rows[index % len(self._rows)]]
        return users

    def batch(self, index: IntArray, draws: npt.NDArray[np.float64]) -> TrainingBatch:
        """Gather the rows `index`, cut where the uniform `draws` in [0, 1) tell, one each."""
        rows = self._rows[index % len(self._rows)]
        starts, ends = self._sequences.starts[rows], self._ends[rows]
        cuts = starts + 1 + (draws * (ends - starts - 1)).astype(np.int64)
        targets = next_items(self._sequences.items, cuts, ends, self._future_width)
        return TrainingBatch(
            _histories(self._sequences, starts, cuts, self._history_width, self._with_times),
            torch.from_numpy(targets),
        )


class NextItemRows:
    """One row for each training interaction that has a predecessor: RecBole's augmentation.

    RecBole writes out all rows beforehand; here a row is two numbers.
    """

    def __init__(self, sequences: UserSequences, split: Split, *, history_width: int) -> None:
        self._sequences, self._history_width = sequences, history_width
        firsts = np.minimum(sequences.starts + 1, split.train_ends)
        self._rows, self._positions = flatten_ranges(firsts, split.train_ends)

    def __len__(self) -> int:
        """Return the number of rows of an epoch."""
        return len(self._positions)

    def users(self, index: IntArray) -> IntArray:
        """Return the internal user id of each row."""
        users: IntArray = self._sequences.users[self._rows[index]]
        return users

    def batch(self, index: IntArray) -> TrainingBatch:
        """Gather the rows `index`; `targets` is (B, 1)."""
        sequences, positions = self._sequences, self._positions[index]
        starts = sequences.starts[self._rows[index]]
        return TrainingBatch(
            _histories(sequences, starts, positions, self._history_width),
            torch.from_numpy(sequences.items[positions][:, None]),
        )


class EvalRows:
    """One row a user: the history, every item of the part as target, and what to leave out.

    With `mask_history` everything in the user's past, also what is older than the history
    window, is left out of the lists; a target the user has met before is then no target, and
    a row without targets is dropped.

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
        with_times: bool = False,
    ) -> None:
        self._sequences, self._with_times = sequences, with_times
        self._history_width, self._mask_history = history_width, mask_history
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
        self._rows, self._history_ends = part.rows[kept_rows], part.starts[kept_rows]
        self._targets = sequences.items[positions[keep]]
        self._target_offsets = np.append(0, np.cumsum(counts[kept_rows])).astype(np.int64)

    def __len__(self) -> int:
        """Return the number of rows, E."""
        return len(self._rows)

    @property
    def num_targets(self) -> int:
        """Number of distinct targets over all rows."""
        return len(self._targets)

    def targets(self) -> tuple[IntArray, IntArray]:
        """Return the internal user id and the item of every target, each (T,), row by row."""
        users = self._sequences.users[self._rows]
        return np.repeat(users, np.diff(self._target_offsets)), self._targets

    def batch(self, index: IntArray) -> EvaluationBatch:
        """Gather the rows `index`; `inputs` are `Histories`."""
        sequences, rows, ends = self._sequences, self._rows[index], self._history_ends[index]
        starts, offsets = sequences.starts[rows], self._target_offsets
        owners, places = flatten_ranges(offsets[index], offsets[index + 1])
        excluded = None
        if self._mask_history:
            met, positions = flatten_ranges(starts, ends)
            excluded = torch.from_numpy(met), torch.from_numpy(sequences.items[positions])
        return EvaluationBatch(
            users=torch.from_numpy(sequences.users[rows]),
            inputs=_histories(sequences, starts, ends, self._history_width, self._with_times),
            excluded=excluded,
            targets=(torch.from_numpy(owners), torch.from_numpy(self._targets[places])),
        )


def _histories(
    sequences: UserSequences, starts: IntArray, ends: IntArray, width: int, with_times: bool = False
) -> Histories:
    positions, lengths = last_positions(starts, ends, width)
    times = torch.from_numpy(sequences.times[positions]) if with_times else None
    return Histories(torch.from_numpy(sequences.items[positions]), torch.from_numpy(lengths), times)

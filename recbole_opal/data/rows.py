"""Rows of training and evaluation, gathered from flat arrays batch by batch."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import torch

from recbole_opal.batches import EvaluationBatch, Histories, TrainingBatch
from recbole_opal.data.protocols import Part, Split
from recbole_opal.data.user_sequences import (
    IntArray,
    UserSequences,
    first_occurrences,
    flatten_ranges,
    last_positions,
    next_items,
    starts_of,
)

__all__ = ["EvalRows", "FutureRows", "NextItemRows"]


@dataclass(frozen=True)
class FutureRows:
    """Random cuts of the training sequences: history before the cut, future items after it.

    Row `r` belongs to user `r % U`, so that an epoch meets each user `cuts_per_user` times. The
    cut is drawn when the row is gathered: uniform over the places with an item on both sides.
    Source: OPAL, future-item prediction; one target in the authors' code, up to W here.

    Without `seen_targets` only what the user meets for the first time is a target: the next W such
    items, as lists are judged that leave out what a user has met. A row may then have none.
    """

    sequences: UserSequences
    split: Split
    history_width: int  # L, the longest history
    future_width: int  # W, the most targets of a row; 1 is next-item prediction
    cuts_per_user: int
    with_times: bool = False  # whether batches tell when the items of the histories were met
    seen_targets: bool = True

    @cached_property
    def _owners(self) -> IntArray:
        return np.flatnonzero(self.split.train_ends - self.sequences.starts >= 2)

    def __len__(self) -> int:
        """Return the number of rows of an epoch."""
        return len(self._owners) * self.cuts_per_user

    def users(self, index: IntArray) -> IntArray:
        """Return the internal user id of each row."""
        users: IntArray = self.sequences.users[self._owners[index % len(self._owners)]]
        return users

    def batch(self, index: IntArray, draws: npt.NDArray[np.float64]) -> TrainingBatch:
        """Gather the rows `index`, cut where the uniform `draws` in [0, 1) tell, one each."""
        owners = self._owners[index % len(self._owners)]
        starts, ends = self.sequences.starts[owners], self.split.train_ends[owners]
        cuts = starts + 1 + (draws * (ends - starts - 1)).astype(np.int64)
        if self.seen_targets:
            targets = next_items(self.sequences.items, cuts, ends, self.future_width)
        else:
            items, before = self.sequences.firsts
            targets = next_items(items, before[cuts], before[ends], self.future_width)
        return TrainingBatch(
            _histories(self.sequences, starts, cuts, self.history_width, self.with_times),
            torch.from_numpy(targets),
        )


@dataclass(frozen=True)
class NextItemRows:
    """One row for each training interaction that has a predecessor: RecBole's augmentation.

    RecBole writes out all rows beforehand; here a row is two numbers.
    """

    sequences: UserSequences
    split: Split
    history_width: int

    @cached_property
    def _places(self) -> tuple[IntArray, IntArray]:
        ends = self.split.train_ends
        return flatten_ranges(np.minimum(self.sequences.starts + 1, ends), ends)

    def __len__(self) -> int:
        """Return the number of rows of an epoch."""
        return len(self._places[0])

    def users(self, index: IntArray) -> IntArray:
        """Return the internal user id of each row."""
        users: IntArray = self.sequences.users[self._places[0][index]]
        return users

    def batch(self, index: IntArray) -> TrainingBatch:
        """Gather the rows `index`; `targets` is (B, 1)."""
        owners, positions = (column[index] for column in self._places)
        starts = self.sequences.starts[owners]
        return TrainingBatch(
            _histories(self.sequences, starts, positions, self.history_width),
            torch.from_numpy(self.sequences.items[positions][:, None]),
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
        self.dropped_targets = self.seen_targets if mask_history else 0
        self.dropped_rows = self.seen_rows if mask_history else 0
        keep = once & ~seen if mask_history else once
        counts = np.bincount(rows[keep], minlength=len(part.rows))
        self._rows, self._history_ends = part.rows[counts > 0], part.starts[counts > 0]
        self._targets, self._counts = sequences.items[positions[keep]], counts[counts > 0]
        self._target_starts = starts_of(self._counts)

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
        return np.repeat(users, self._counts), self._targets

    def whole_histories(self) -> tuple[IntArray, Histories]:
        """Return the internal user id of each row, (E,), and all the user met before the part.

        Rows stand in the order of `batch`; no history is cut to the width that models see.
        """
        sequences, rows = self._sequences, self._rows
        starts, ends = sequences.starts[rows], self._history_ends
        longest = int((ends - starts).max(initial=1))
        return sequences.users[rows], _histories(sequences, starts, ends, longest, self._with_times)

    def batch(self, index: IntArray) -> EvaluationBatch:
        """Gather the rows `index`; `inputs` are `Histories`."""
        sequences, rows, ends = self._sequences, self._rows[index], self._history_ends[index]
        starts, firsts = sequences.starts[rows], self._target_starts[index]
        owners, places = flatten_ranges(firsts, firsts + self._counts[index])
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

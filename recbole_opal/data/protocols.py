"""Where training, validation and test begin in each user's sequence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from recbole_opal.data.sequences import IntArray, UserSequences

__all__ = ["Part", "Rounding", "Split", "split_by_ratio", "split_leave_one_out"]

Rounding = Literal["cumulative", "recbole"]

_ROUNDING_SLACK = 1e-9
"""0.9 * 10 may come out just below 9."""


@dataclass(frozen=True)
class Part:
    """The users that take part in validation or in test, and what they are asked for.

    A row's history is everything of the user before its targets.

    Attributes:
        rows: (E,) int64, index of each row's user in `UserSequences`.
        starts: (E,) int64, flat position of the first target (= end of the history).
        ends: (E,) int64, flat position after the last target.
    """

    rows: IntArray
    starts: IntArray
    ends: IntArray


@dataclass(frozen=True)
class Split:
    """One protocol applied to all users.

    Attributes:
        train_ends: (U,) int64, flat position after each user's training part.
        valid: the validation rows.
        test: the test rows; their histories contain the validation part.
    """

    train_ends: IntArray
    valid: Part
    test: Part


def split_by_ratio(
    sequences: UserSequences, ratios: Sequence[float], rounding: Rounding = "cumulative"
) -> Split:
    """Split each user's sequence by time into training, validation and test.

    With 8:1:1 and n interactions, "cumulative" cuts at floor(0.8 n) and floor(0.9 n), so that
    no part loses more than one item to rounding. "recbole" follows RecBole's
    `split_by_ratio`: validation and test round down, but take one item of a user who can spare
    it, and training takes the rest; users of 10 to 19 interactions then have one target each.

    Unlike in RecBole, all items of a part are targets of one row.

    Args:
        sequences: all users.
        ratios: three positive shares in any unit, for example (8, 1, 1).
        rounding: "cumulative" or "recbole".
    """
    shares = np.asarray(ratios, dtype=np.float64) / float(sum(ratios))
    lengths = sequences.lengths
    if rounding == "recbole":
        return _split_at(sequences, *_recbole_counts(lengths, shares))
    exact = np.cumsum(shares)[:2, None] * lengths  # (2, U)
    train, valid_end = np.floor(exact + _ROUNDING_SLACK).astype(np.int64)
    return _split_at(sequences, valid_end - train, lengths - valid_end)


def split_leave_one_out(sequences: UserSequences) -> Split:
    """Keep each user's last item for test and the one before for validation.

    RecBole's `eval_args: {split: {LS: valid_and_test}}`. RecBole augments before it splits, so
    that a user of n interactions owns n - 1 rows, and a row needs a history: two interactions
    give a training row only, three give one more for test, four and more one for each part.

    Args:
        sequences: all users.
    """
    lengths = sequences.lengths
    test = (lengths >= 3).astype(np.int64)
    valid = (lengths >= 4).astype(np.int64)
    return _split_at(sequences, valid, test)


def _recbole_counts(
    lengths: IntArray, shares: npt.NDArray[np.float64]
) -> tuple[IntArray, IntArray]:
    """Return the sizes of validation and test by RecBole's rule, each (U,) int64."""
    wanted = shares[:, None] * lengths  # (3, U)
    counts = wanted.astype(np.int64)
    counts[0] = lengths - counts[1] - counts[2]
    can_spare = np.ones(len(lengths), dtype=bool)
    for part in (2, 1):  # test first, as RecBole does
        can_spare &= counts[0] > 1  # RecBole stops at the first part nothing is left for
        raised = can_spare & (wanted[part] > 0) & (wanted[part] < 1)
        counts[part] += raised
        counts[0] -= raised
    return counts[1], counts[2]


def _split_at(sequences: UserSequences, valid: IntArray, test: IntArray) -> Split:
    """Turn item counts of the two evaluation parts into flat positions."""
    ends = sequences.offsets[1:]
    test_starts = ends - test
    train_ends = test_starts - valid
    return Split(
        train_ends=train_ends,
        valid=_part(train_ends, test_starts, sequences.starts),
        test=_part(test_starts, ends, sequences.starts),
    )


def _part(starts: IntArray, ends: IntArray, first: IntArray) -> Part:
    """Keep the users with a target and a history."""
    rows = np.flatnonzero((ends > starts) & (starts > first))
    return Part(rows=rows, starts=starts[rows], ends=ends[rows])

"""Where training, validation and test begin in each user's sequence."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from recbole_opal.data.sequences import IntArray, UserSequences

__all__ = ["ROUNDING_SLACK", "Part", "Split", "split_at"]

ROUNDING_SLACK = 1e-9
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

    @property
    def num_interactions(self) -> int:
        """Number of interactions that belong to the part, repeats counted."""
        return int((self.ends - self.starts).sum())


@dataclass(frozen=True)
class Split:
    """One protocol applied to all users.

    Every interaction is in training, in validation, in test, or counted in `left_over`.

    Attributes:
        train_ends: (U,) int64, flat position after each user's training part, which begins with
            the user's sequence; the start of the sequence where the user is held out.
        valid: the validation rows.
        test: the test rows; their histories contain the user's validation part.
        left_over: number of interactions by the reason why no part has them.
    """

    train_ends: IntArray
    valid: Part
    test: Part
    left_over: dict[str, int] = field(default_factory=dict)


def split_at(
    sequences: UserSequences,
    train_ends: IntArray,
    valid: tuple[IntArray, IntArray],
    test: tuple[IntArray, IntArray],
) -> Split:
    """Make a split of the flat positions of all users' parts.

    A user without an interaction in a part, or without one before it, has no row there: a model
    without a history has nothing to say. Such interactions are counted in `left_over`.

    Args:
        sequences: all users.
        train_ends: (U,) position after each user's training part.
        valid: (U,) first position of each user's validation part and (U,) the one after it.
        test: the same of the test part.
    """
    valid_part, valid_left = _part(*valid, sequences.starts)
    test_part, test_left = _part(*test, sequences.starts)
    left_over = {
        "valid_interactions_without_history": valid_left,
        "test_interactions_without_history": test_left,
    }
    return Split(train_ends=train_ends, valid=valid_part, test=test_part, left_over=left_over)


def _part(starts: IntArray, ends: IntArray, first: IntArray) -> tuple[Part, int]:
    """Keep the users with a target and a history; count the targets without a history."""
    rows = np.flatnonzero((ends > starts) & (starts > first))
    part = Part(rows=rows, starts=starts[rows], ends=ends[rows])
    return part, int((ends - starts).sum()) - part.num_interactions

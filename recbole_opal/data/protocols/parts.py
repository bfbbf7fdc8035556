"""Where training, validation and test begin in each user's sequence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from recbole_opal.data.user_sequences import IntArray, UserSequences

__all__ = ["Part", "Split", "cut_places", "split_at", "split_by_counts"]

_SLACK = 1e-9  # 0.9 * 10 may come out just below 9


@dataclass(frozen=True)
class Part:
    """The users that take part in validation or in test, and what they are asked for.

    A row's history is everything of the user before its targets.
    """

    rows: IntArray  # (E,) index of each row's user in `UserSequences`
    starts: IntArray  # (E,) flat position of the first target, the end of the history
    ends: IntArray  # (E,) flat position after the last target

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
    """Make a split of where all users' training ends, and the others begin and end, (U,) each.

    A user without an interaction in a part, or without one before it, has no row there: a model
    without a history has nothing to say. Such interactions are counted in `left_over`.
    """
    parts, left_over = [], {}
    for name, (starts, ends) in (("valid", valid), ("test", test)):
        rows = np.flatnonzero((ends > starts) & (starts > sequences.starts))
        part = Part(rows=rows, starts=starts[rows], ends=ends[rows])
        left = int((ends - starts).sum()) - part.num_interactions
        left_over[f"{name}_interactions_without_history"] = left
        parts.append(part)
    valid_part, test_part = parts
    return Split(train_ends, valid_part, test_part, left_over)


def split_by_counts(sequences: UserSequences, valid: IntArray, test: IntArray) -> Split:
    """Split by how many of each user's last interactions are test, and before them validation."""
    test_starts = sequences.ends - test
    train_ends = test_starts - valid
    return split_at(sequences, train_ends, (train_ends, test_starts), (test_starts, sequences.ends))


def cut_places(ratios: Sequence[float], lengths: IntArray | int) -> IntArray:
    """Return where n positive shares in any unit cut what is so long, (n - 1, ...) int64."""
    shares = np.cumsum(ratios)[:-1] / float(sum(ratios))
    places: IntArray = np.floor(np.multiply.outer(shares, lengths) + _SLACK).astype(np.int64)
    return places

"""Where training, validation and test begin in each user's sequence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

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

    Every interaction is in training, in validation, in test, or counted in `left_over`. A user's
    training part begins with the sequence, and is empty where the user is held out.
    """

    train_ends: IntArray  # (U,) flat position after each user's training part
    valid: Part
    test: Part  # whose histories contain the user's validation part
    left_over: dict[str, int]  # number of interactions by the reason why no part has them


def split_at(
    sequences: UserSequences,
    train_ends: IntArray,
    valid: tuple[IntArray, IntArray],
    test: tuple[IntArray, IntArray],
) -> Split:
    """Make a split of where training ends, and the other parts begin and end, (U,) each.

    A user without an interaction in a part, or without one before it, has no row there: a model
    without a history has nothing to say. Such interactions are counted in `left_over`.
    """
    parts, left_over = {}, {}
    for name, (starts, ends) in {"valid": valid, "test": test}.items():
        rows = np.flatnonzero((ends > starts) & (starts > sequences.starts))
        parts[name] = Part(rows, starts[rows], ends[rows])
        left = int((ends - starts).sum()) - parts[name].num_interactions
        left_over[f"{name}_interactions_without_history"] = left
    return Split(train_ends, **parts, left_over=left_over)


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

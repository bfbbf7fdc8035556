"""Protocols over users: each sequence is cut by its own length, or whole users are held out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

import numpy as np

from recbole_opal.data.protocols.parts import Split, cut_places, split_at, split_by_counts
from recbole_opal.data.user_sequences import IntArray, UserSequences

__all__ = ["Rounding", "shuffled_groups", "split_by_ratio", "split_by_users", "split_leave_one_out"]

Rounding = Literal["cumulative", "recbole"]


def split_by_ratio(
    sequences: UserSequences, ratios: Sequence[float], rounding: Rounding = "cumulative"
) -> Split:
    """Split each user's sequence by time into training, validation and test.

    With 8:1:1 and n interactions, "cumulative" cuts at floor(0.8 n) and floor(0.9 n), so that
    no part loses more than one item to rounding. "recbole" follows RecBole's
    `split_by_ratio`: validation and test round down, but take one item of a user who can spare
    it, and training takes the rest; users of 10 to 19 interactions then have one target each.

    Unlike in RecBole, all items of a part are targets of one row.
    """
    lengths = sequences.lengths
    if rounding == "recbole":
        return split_by_counts(sequences, *_recbole_counts(lengths, ratios))
    train, valid_end = cut_places(ratios, lengths)
    return split_by_counts(sequences, valid_end - train, lengths - valid_end)


def split_leave_one_out(sequences: UserSequences) -> Split:
    """Keep each user's last item for test and the one before for validation.

    RecBole's `eval_args: {split: {LS: valid_and_test}}`. RecBole augments before it splits, so
    that a user of n interactions owns n - 1 rows, and a row needs a history: two interactions
    give a training row only, three give one more for test, four and more one for each part.
    """
    lengths = sequences.lengths
    test = (lengths >= 3).astype(np.int64)
    valid = (lengths >= 4).astype(np.int64)
    return split_by_counts(sequences, valid, test)


def _recbole_counts(lengths: IntArray, ratios: Sequence[float]) -> tuple[IntArray, IntArray]:
    """Return the sizes of validation and test by RecBole's rule, each (U,) int64."""
    shares = np.asarray(ratios, dtype=np.float64) / float(sum(ratios))
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


def split_by_users(
    sequences: UserSequences, ratios: Sequence[float], history: float, seed: int
) -> Split:
    """Train on some users' whole sequences; ask the others for the end of theirs.

    Source: ComiRec (strong generalisation), which deals the users 8:1:1; of a held-out user's n
    interactions the first floor(0.8 n) are the history and the rest are targets. As there, items
    that no training user has met stay targets, and are counted. Other than there, a user's order
    comes from numpy's generator, so that the groups are of the same size but not the same.
    The seed is not the run's, so that runs of different seeds ask the same users.
    """
    groups = shuffled_groups(len(sequences), ratios, seed)
    starts, ends, lengths = sequences.starts, sequences.ends, sequences.lengths
    (kept,) = cut_places((history, 1 - history), lengths)
    cuts = starts + np.minimum(kept, lengths - 1)
    split = split_at(
        sequences,
        np.where(groups == 0, ends, starts),
        (np.where(groups == 1, cuts, ends), ends),
        (np.where(groups == 2, cuts, ends), ends),
    )
    histories = {"held_out_history_interactions": int((cuts - starts)[groups > 0].sum())}
    return replace(split, left_over=split.left_over | histories)


def shuffled_groups(count: int, ratios: Sequence[float], seed: int) -> IntArray:
    """Deal numbers into groups of positive shares at random; return (count,) int64, each's group.

    The first g groups together have floor(count * their share) members.
    """
    order = np.random.default_rng(seed).permutation(count)
    groups = np.empty(count, dtype=np.int64)
    groups[order] = np.searchsorted(cut_places(ratios, count), np.arange(count), side="right")
    return groups

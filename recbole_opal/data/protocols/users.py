"""Whole users are held out: validation and test ask users that training has never met."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from recbole_opal.data.protocols.parts import Split, cut_places, split_at
from recbole_opal.data.user_sequences import IntArray, UserSequences

__all__ = ["shuffled_groups", "split_by_users"]


def split_by_users(
    sequences: UserSequences, ratios: Sequence[float], history: float, seed: int
) -> Split:
    """Train on some users' whole sequences; ask the others for the end of theirs.

    Source: ComiRec (strong generalisation), which deals the users 8:1:1; of a held-out user's n
    interactions the first floor(0.8 n) are the history and the rest are targets. As there, items
    that no training user has met stay targets, and are counted. Other than there, a user's order
    comes from numpy's generator, so that the groups are of the same size but not the same.

    Args:
        sequences: all users.
        ratios: three positive shares of the users in any unit, for example (8, 1, 1).
        history: share of a held-out user's sequence that is its history, in (0, 1).
        seed: of the shuffle; not the run's, so that runs of different seeds ask the same users.
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

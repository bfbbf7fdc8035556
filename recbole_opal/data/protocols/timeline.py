"""Global cuts in time: what lies after a cut is unknown to training, whoever's it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from recbole_opal.data.protocols.parts import Split, cut_places, split_at
from recbole_opal.data.protocols.per_user import shuffled_groups
from recbole_opal.data.user_sequences import IntArray, UserSequences

__all__ = ["Timeline", "cuts_by_ratio", "drop_unseen_items", "split_by_time", "timeline"]

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Timeline:
    """Which rows of the log stay, and to which part of time each belongs."""

    keep: BoolArray  # (R,)
    parts: IntArray  # (R,) number of cuts at or before the row: 0 is training
    dropped: dict[str, int]  # what was left out, by name


def cuts_by_ratio(times: FloatArray, ratios: Sequence[float]) -> list[float]:
    """Return the times that cut a log into two or three shares of its rows.

    A part begins at a time and not within it: rows of the same time are all in the later part, so
    that a part may have less than its share, and the one after it more.
    """
    places = np.minimum(cut_places(ratios, len(times)), len(times) - 1)
    cuts: list[float] = np.sort(times)[places].tolist()
    return cuts


def timeline(items: IntArray, times: FloatArray, cuts: Sequence[float], *, drop: bool) -> Timeline:
    """Put every row of a log in its part of time; a row at one of the ascending cuts lies after it.

    With `drop` rows of items that no row before the first cut has are left out.
    """
    parts = np.searchsorted(np.asarray(cuts), times, side="right").astype(np.int64)
    keep = np.ones(len(times), dtype=bool)
    dropped = drop_unseen_items(items, parts, keep) if drop else {}
    return Timeline(keep=keep, parts=parts, dropped=dropped)


def drop_unseen_items(items: IntArray, parts: IntArray, keep: BoolArray) -> dict[str, int]:
    """Take rows of items without a training row out of `keep`, in place, and count them."""
    count = int(items.max(initial=-1)) + 1
    seen = np.bincount(items[keep & (parts == 0)], minlength=count) > 0
    there = np.bincount(items[keep], minlength=count) > 0
    unseen = keep & ~seen[items]
    keep &= seen[items]
    return {
        "dropped_items_unseen_in_training": int((there & ~seen).sum()),
        "dropped_interactions_unseen_items": int(unseen.sum()),
    }


def split_by_time(sequences: UserSequences, counts: IntArray, seed: int) -> Split:
    """Split by the parts of time the interactions lie in.

    With two cuts, validation lies between them and test after the second. With one, the users
    that go on after it are halved at random: one half is asked in validation, the other in test.
    The counts are of each user's interactions in each part of time, (2 or 3, U).
    """
    train_ends, ends = sequences.starts + counts[0], sequences.ends
    if len(counts) == 3:
        test_starts = train_ends + counts[1]
        return split_at(sequences, train_ends, (train_ends, test_starts), (test_starts, ends))
    going_on = np.flatnonzero((counts[0] > 0) & (counts[1] > 0))
    in_test = np.zeros(len(sequences), dtype=bool)
    in_test[going_on] = shuffled_groups(len(going_on), (1, 1), seed) == 1
    split = split_at(
        sequences,
        train_ends,
        (np.where(in_test, ends, train_ends), ends),
        (np.where(in_test, train_ends, ends), ends),
    )
    new_users = {"interactions_after_the_cut_without_history": sum(split.left_over.values())}
    return replace(split, left_over=new_users)

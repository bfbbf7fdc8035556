"""Global cuts in time: what lies after a cut is unknown to training, whoever's it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from recbole_opal.data.protocols.parts import Split, cut_places, split_at, split_by_counts
from recbole_opal.data.protocols.per_user import shuffled_groups
from recbole_opal.data.user_sequences import IntArray, UserSequences
from recbole_opal.errors import DataError

__all__ = [
    "DAY",
    "Timeline",
    "cuts_by_ratio",
    "day_numbers",
    "last_day",
    "split_by_time",
    "timeline",
]

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]

DAY = 86_400
_TOO_LATE = 1e11
"""In seconds the year 5138, in milliseconds 1973: no log in seconds reaches it."""


@dataclass(frozen=True)
class Timeline:
    """Which rows of the log stay, and to which part of time each belongs."""

    keep: BoolArray  # (R,)
    parts: IntArray  # (R,) number of cuts at or before the row: 0 is training
    num_parts: int
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
    dropped = _drop_unseen_items(items, parts, keep) if drop else {}
    return Timeline(keep, parts, len(cuts) + 1, dropped)


def last_day(
    users: IntArray,
    items: IntArray,
    times: FloatArray,
    *,
    day_length: float,
    offset: float,
    min_days: int,
    days: int | None,
    unseen_items: str,
) -> Timeline:
    """Put every row in its part: before, the day before the last, the last day.

    The days are those of the whole log, not of a user. Kept are users who are active on at least
    `min_days` days before the last two, and then items that such a user has met before the last
    two days. All items of a day are targets of one row. Source: the code of CMI and OPAL, whose
    data held the days ready-made (WeChat: 14; TakaTak: the last 10 of 29).

    Args:
        users: (R,) numbers from 0, R >= 1.
        items: (R,) numbers from 0.
        times: (R,) finite.
        day_length: in the unit of the times.
        offset: is added to the times before days are cut: 28800 seconds put midnight where it is in
            China (UTC+8).
        min_days: 0 keeps all.
        days: number of calendar days used, the last two among them; None for all.
        unseen_items: "drop" or "keep" items without a training row.

    Raises:
        DataError: the times are milliseconds and the day is as long as one in seconds.
    """
    if day_length <= DAY and times.max() >= _TOO_LATE:
        raise DataError(
            f"--eval_args: last_day: the times go up to {times.max():.0f}, which are no seconds; "
            "give day_length in their unit, 86400000 for milliseconds, or name it with --time_unit."
        )
    day = day_numbers(times, day_length, offset)
    parts = np.maximum(day - (day.max() - 2), 0)
    keep = np.ones(len(times), dtype=bool) if days is None else day > day.max() - days
    dropped = {"dropped_interactions_too_old": int((~keep).sum())}
    before = keep & (parts == 0)
    first, span = int(day.min()), int(day.max() - day.min()) + 1
    pairs = np.sort(users[before] * span + (day[before] - first))  # np.unique is 20 times slower
    active = pairs[np.append(True, pairs[1:] != pairs[:-1])[: len(pairs)]]  # distinct (user, day)
    enough = np.bincount(active // span, minlength=int(users.max()) + 1) >= min_days
    dropped |= _drop(users, enough, keep, "users_few_days", "interactions_few_days")
    if unseen_items == "drop":
        dropped |= _drop_unseen_items(items, parts, keep)
    return Timeline(keep, parts, 3, dropped)


def day_numbers(times: FloatArray, day_length: float, offset: float) -> IntArray:
    """Return (R,) int64, the number of each time's day; the offset is added to the times before."""
    days: IntArray = np.floor((times + offset) / day_length).astype(np.int64)
    return days


def _drop_unseen_items(items: IntArray, parts: IntArray, keep: BoolArray) -> dict[str, int]:
    trained = items[keep & (parts == 0)]
    seen = np.bincount(trained, minlength=int(items.max(initial=-1)) + 1) > 0
    return _drop(items, seen, keep, "items_unseen_in_training", "interactions_unseen_items")


def _drop(ids: IntArray, good: BoolArray, keep: BoolArray, whose: str, rows: str) -> dict[str, int]:
    """Take rows of ids that are not `good` out of `keep`, in place, and count both."""
    gone = keep & ~good[ids]
    keep &= ~gone
    return {
        f"dropped_{whose}": np.count_nonzero(np.bincount(ids[gone])),
        f"dropped_{rows}": int(gone.sum()),
    }


def split_by_time(sequences: UserSequences, counts: IntArray, seed: int) -> Split:
    """Split by the parts of time the interactions lie in.

    With two cuts, validation lies between them and test after the second. With one, the users
    that go on after it are halved at random: one half is asked in validation, the other in test.
    The counts are of each user's interactions in each part of time, (2 or 3, U).
    """
    if len(counts) == 3:
        return split_by_counts(sequences, counts[1], counts[2])
    train_ends, ends = sequences.starts + counts[0], sequences.ends
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

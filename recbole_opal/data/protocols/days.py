"""The last day is test, the day before it validation: the protocol of CMI and OPAL."""

from __future__ import annotations

import numpy as np

from recbole_opal.data.protocols.timeline import (
    BoolArray,
    FloatArray,
    Timeline,
    drop_unseen_items,
)
from recbole_opal.data.user_sequences import IntArray
from recbole_opal.errors import DataError

__all__ = ["day_numbers", "last_day"]

_SECONDS_OF_A_DAY = 86_400
_TOO_LATE = 1e11
"""In seconds the year 5138, in milliseconds 1973: no log in seconds reaches it."""


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
        day_length: in the unit of the times; 86400 where they are seconds.
        offset: is added to the times before days are cut, in their unit: 28800 puts midnight where
            it is in China (UTC+8).
        min_days: active days a user must have before the last two; 0 keeps all.
        days: number of calendar days used, the last two among them; None for all.
        unseen_items: "drop" or "keep" items without a training row.

    Raises:
        DataError: the times are milliseconds and the day is as long as one in seconds.
    """
    if day_length <= _SECONDS_OF_A_DAY and times.max() >= _TOO_LATE:
        raise DataError(
            f"--eval_args: last_day: the times go up to {times.max():.0f}, which are no seconds; "
            "give day_length in their unit, 86400000 for milliseconds, or name it with --time_unit."
        )
    day = day_numbers(times, day_length, offset)
    parts = np.maximum(day - (day.max() - 2), 0)
    keep = np.ones(len(times), dtype=bool) if days is None else day > day.max() - days
    dropped = {"dropped_interactions_too_old": int((~keep).sum())}
    dropped |= _drop_rare_users(users, day, parts, keep, min_days)
    if unseen_items == "drop":
        dropped |= drop_unseen_items(items, parts, keep)
    return Timeline(keep=keep, parts=parts, dropped=dropped)


def day_numbers(times: FloatArray, day_length: float, offset: float) -> IntArray:
    """Return (R,) int64, the number of each time's day; the offset is added to the times before."""
    days: IntArray = np.floor((times + offset) / day_length).astype(np.int64)
    return days


def _drop_rare_users(
    users: IntArray, day: IntArray, parts: IntArray, keep: BoolArray, min_days: int
) -> dict[str, int]:
    """Take rows of users with too few active days out of `keep`, in place, and count them."""
    count = int(users.max(initial=-1)) + 1
    before = keep & (parts == 0)
    first, span = int(day.min()), int(day.max() - day.min()) + 1
    pairs = np.sort(users[before] * span + (day[before] - first))  # np.unique is 20 times slower
    active = pairs[np.append(True, pairs[1:] != pairs[:-1])[: len(pairs)]]  # distinct (user, day)
    enough = np.bincount(active // span, minlength=count) >= min_days
    there = np.bincount(users[keep], minlength=count) > 0
    rare = keep & ~enough[users]
    keep &= enough[users]
    return {
        "dropped_users_few_days": int((there & ~enough).sum()),
        "dropped_interactions_few_days": int(rare.sum()),
    }

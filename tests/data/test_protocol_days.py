"""The last day against a loop over rows."""

import re
from collections import defaultdict

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recbole_opal.data.protocols.timeline import day_numbers, last_day
from recbole_opal.errors import DataError

OPTIONS = {"day_length": 86_400, "offset": 0, "min_days": 4, "days": None, "unseen_items": "drop"}
DAY = 86_400


def place(rows, **options):
    users, items, times = (np.array(column) for column in zip(*rows, strict=True))
    return last_day(
        users.astype(np.int64),
        items.astype(np.int64),
        times.astype(np.float64),
        **(OPTIONS | options),
    )


def naive(rows, day_length, offset, min_days, days, drop):
    """Return for each row its part, or why it is dropped."""
    day = [(time + offset) // day_length for _, _, time in rows]
    last = max(day)
    active, fate = defaultdict(set), []
    for (user, _, _), number in zip(rows, day, strict=True):
        too_old = days is not None and number <= last - days
        fate.append("too_old" if too_old else max(0, int(number - (last - 2))))
        if not too_old and number < last - 1:
            active[user].add(number)
    for at, (user, _, _) in enumerate(rows):
        if fate[at] != "too_old" and len(active[user]) < min_days:
            fate[at] = "few_days"
    trained = {item for (_, item, _), what in zip(rows, fate, strict=True) if what == 0}
    for at, (_, item, _) in enumerate(rows):
        if drop and fate[at] in (1, 2) and item not in trained:
            fate[at] = "unseen_items"
    return fate


@given(
    st.lists(
        st.tuples(st.integers(0, 4), st.integers(0, 9), st.integers(0, 70)),
        min_size=1,
        max_size=70,
    ),
    st.sampled_from([1, 5, 10]),
    st.integers(-30, 30),
    st.integers(0, 5),
    st.one_of(st.none(), st.integers(3, 8)),
    st.booleans(),
)
def test_equals_a_loop(rows, day_length, offset, min_days, days, drop):
    placed = place(
        rows,
        day_length=day_length,
        offset=offset,
        min_days=min_days,
        days=days,
        unseen_items="drop" if drop else "keep",
    )
    fate = naive(rows, day_length, offset, min_days, days, drop)
    got = [
        int(part) if keep else None for part, keep in zip(placed.parts, placed.keep, strict=True)
    ]
    assert got == [what if isinstance(what, int) else None for what in fate]
    for reason in ("too_old", "few_days", "unseen_items"):
        assert placed.dropped.get(f"dropped_interactions_{reason}", 0) == fate.count(reason)
    users_with = defaultdict(set)
    for (user, _, _), what in zip(rows, fate, strict=True):
        users_with[user].add(what)
    rare = [user for user, whats in users_with.items() if "few_days" in whats]
    assert placed.dropped["dropped_users_few_days"] == len(rare)
    if drop:
        gone = {
            item for (_, item, _), what in zip(rows, fate, strict=True) if what == "unseen_items"
        }
        assert placed.dropped["dropped_items_unseen_in_training"] == len(gone)


def at_noon(user, days):
    """Return an interaction with item `day % 3` at noon of each day."""
    return [(user, day % 3, day * DAY + DAY // 2) for day in days]


def test_the_log_s_days_count_and_not_the_user_s():
    rows = at_noon(0, [0, 1, 2, 3, 8, 9]) + at_noon(1, [0, 1, 2, 3, 5, 6])
    assert place(rows).parts.tolist() == [0, 0, 0, 0, 1, 2] + [0] * 6


@pytest.mark.parametrize(("min_days", "kept"), [(4, 6), (3, 11), (5, 0), (0, 12)])
def test_active_days_are_counted_before_the_last_two(min_days, kept):
    rows = at_noon(0, [0, 1, 2, 3, 8, 9]) + at_noon(1, [0, 1, 2, 8, 9]) + [(2, 0, 9 * DAY)]
    assert place(rows, min_days=min_days).keep.sum() == kept


def test_a_day_of_many_interactions_is_one_day():
    rows = [(0, 0, second) for second in range(50)] + [(0, 0, 5 * DAY)]
    assert not place(rows, min_days=2).keep.any()
    assert place(rows, min_days=1).keep.all()


def test_midnight_is_where_the_offset_puts_it():
    before, after = 10 * DAY - 1, 10 * DAY
    assert day_numbers(np.array([before, after], dtype=float), DAY, 0).tolist() == [9, 10]
    china = day_numbers(np.array([before - 8 * 3600, after - 8 * 3600], dtype=float), DAY, 28_800)
    assert china.tolist() == [9, 10]
    assert day_numbers(np.array([-1.0]), DAY, 0).tolist() == [-1]


def test_items_of_dropped_users_are_not_in_training():
    rows = at_noon(0, [0, 1, 2, 3, 8, 9]) + [(1, 7, 0), (0, 7, 9 * DAY)]
    placed = place(rows)
    assert placed.keep.tolist() == [True] * 6 + [False, False]
    assert placed.dropped["dropped_interactions_few_days"] == 1
    assert placed.dropped["dropped_interactions_unseen_items"] == 1


def test_milliseconds_are_told_with_the_fix():
    rows = [(0, 0, 1.6e12 + day * DAY * 1000) for day in range(8)]
    with pytest.raises(DataError, match=re.escape("86400000 for milliseconds")) as caught:
        place(rows)
    assert "\n" not in str(caught.value)
    assert place(rows, day_length=DAY * 1000).parts.tolist() == [0] * 6 + [1, 2]

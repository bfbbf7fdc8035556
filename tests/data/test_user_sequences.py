import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recbole_opal.data.user_sequences import UserSequences, first_occurrences


def test_orders_by_user_then_time():
    sequences = UserSequences.from_columns(
        users=[7, 2, 7, 2, 7], items=[10, 20, 30, 40, 50], times=[3.0, 9.0, 1.0, 4.0, 2.0]
    )
    assert sequences.users.tolist() == [2, 7]
    assert sequences.offsets.tolist() == [0, 2, 5]
    assert sequences.items.tolist() == [40, 20, 30, 50, 10]
    assert sequences.times.tolist() == [4.0, 9.0, 1.0, 2.0, 3.0]
    assert sequences.starts.tolist() == [0, 2]
    assert sequences.lengths.tolist() == [2, 3]
    assert len(sequences) == 2


def test_ties_in_time_keep_file_order():
    count = 500  # enough rows for an unstable sort to show itself
    random = np.random.default_rng(3)
    users, items = random.integers(1, 4, count), np.arange(1, count + 1)
    sequences = UserSequences.from_columns(users, items, np.full(count, 1.6e9))
    for index, user in enumerate(sequences.users):
        mine = sequences.items[sequences.offsets[index] : sequences.offsets[index + 1]]
        assert mine.tolist() == items[users == user].tolist()


@pytest.mark.parametrize("step", [1.0, 0.25, 1e-6])
def test_seconds_apart_are_told_apart_at_present_day_times(step):
    times = 1.6e9 + step * np.arange(60)[::-1]
    items = np.arange(1, 61)
    assert len(np.unique(times.astype(np.float32))) < 3  # float32 could not order these
    sequences = UserSequences.from_columns(np.ones(60, dtype=np.int64), items, times)
    assert sequences.items.tolist() == items[::-1].tolist()
    assert sequences.times.dtype == np.float64
    assert sequences.times.tolist() == sorted(times)


def test_first_seen_is_the_users_own_first_meeting():
    sequences = UserSequences.from_columns(
        users=[1, 1, 1, 1, 2, 2], items=[5, 6, 5, 5, 6, 5], times=range(6)
    )
    assert sequences.first_seen.tolist() == [0, 1, 0, 0, 4, 5]


def test_no_interactions():
    sequences = UserSequences.from_columns([], [], [])
    assert len(sequences) == 0
    assert sequences.offsets.tolist() == [0]
    assert sequences.items.dtype == np.int64
    assert sequences.first_seen.tolist() == sequences.starts.tolist() == []


@given(st.lists(st.tuples(st.integers(1, 5), st.integers(1, 6), st.integers(0, 8)), max_size=40))
def test_equals_a_stable_sort_of_rows(rows):
    users, items, times = zip(*rows, strict=True) if rows else ((), (), ())
    sequences = UserSequences.from_columns(users, items, times)
    expected = sorted(rows, key=lambda row: (row[0], row[2]))  # Python's sort is stable
    got = np.repeat(sequences.users, sequences.lengths)
    assert list(zip(got, sequences.items, sequences.times, strict=True)) == expected
    met: dict[tuple[int, int], int] = {}
    first = [met.setdefault((user, item), at) for at, (user, item, _) in enumerate(expected)]
    assert sequences.first_seen.tolist() == first


def test_first_occurrences_needs_no_order():
    groups, items = np.array([2, 0, 2, 0, 2]), np.array([9, 9, 9, 1, 1])
    assert first_occurrences(groups, items).tolist() == [0, 1, 0, 3, 4]


def test_large_ids_do_not_collide():
    groups = np.array([3_000_000, 3_000_001, 3_000_000])
    items = np.array([4_000_000_000, 1, 4_000_000_000])  # the product is far beyond 32 bits
    assert first_occurrences(groups, items).tolist() == [0, 1, 0]

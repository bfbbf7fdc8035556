"""Sorted in pieces on the disk, a log is what it is when it is sorted in memory."""

import hashlib
import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recbole_opal.data.stored.sorting import COLUMNS, Rows, write_sorted
from recbole_opal.data.user_sequences import UserSequences

rows = st.lists(
    st.tuples(st.integers(1, 6), st.integers(1, 4), st.integers(0, 3)), min_size=1, max_size=40
)


def read(folder):
    return {name: np.fromfile(folder / name, dtype=kind) for name, kind in COLUMNS.items()}


def numbered(log):
    """Return users from 1 without a gap, in the order in which they come, items and times."""
    users, items, times = (np.array(column) for column in zip(*log, strict=True))
    order = {user: place + 1 for place, user in enumerate(dict.fromkeys(users.tolist()))}
    return np.array([order[user] for user in users.tolist()]), items, times.astype(np.float64)


def in_blocks(columns, size):
    for start in range(0, len(columns[0]), size):
        yield Rows(*(column[start : start + size] for column in columns))


@settings(max_examples=25)  # each writes files to the disk
@given(rows, st.integers(1, 9), st.integers(1, 9))
def test_it_equals_the_sort_in_memory(tmp_path_factory, log, block, bucket):
    folder, columns = tmp_path_factory.mktemp("sorted"), numbered(log)
    digests = write_sorted(folder, in_blocks(columns, block), bucket)
    found, truth = read(folder), UserSequences.from_columns(*columns)
    for name in ("offsets", "items", "times", "first_seen"):
        (stored,) = (values for file, values in found.items() if file.startswith(f"{name}."))
        np.testing.assert_array_equal(stored, getattr(truth, name))
    items, before = truth.firsts
    np.testing.assert_array_equal(found["new_items.int64"], items)
    np.testing.assert_array_equal(found["new_before.int64"], before)
    assert {path.name for path in folder.iterdir()} == set(COLUMNS)  # nothing else is left
    for name, digest in digests.items():
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == digest


def peak_of(folder, count):
    random = np.random.default_rng(0)
    folder.mkdir()

    def blocks():
        for _ in range(count // 5000):
            users = np.arange(5000) % 500 + 1
            yield Rows(users, random.integers(1, 99, 5000), random.random(5000))

    tracemalloc.start()
    write_sorted(folder, blocks(), bucket=10_000)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return peak


def test_memory_does_not_grow_with_the_rows(tmp_path):
    few, many = (peak_of(tmp_path / str(count), count) for count in (100_000, 400_000))
    assert many < 1.2 * few


def test_users_without_a_gap_are_one_a_place_even_where_one_is_longer_than_a_bucket(tmp_path):
    users = np.repeat([1, 2, 3], [1, 30, 1])
    write_sorted(tmp_path, [Rows(users, np.arange(1, 33), np.zeros(32))], bucket=4)
    assert read(tmp_path)["offsets.int64"].tolist() == [0, 1, 31, 32]


def test_what_fails_while_it_reads_is_told_as_it_is(tmp_path):
    def blocks():
        yield Rows(np.array([1]), np.array([1]), np.zeros(1))
        raise ValueError("the log ends here")

    with pytest.raises(ValueError, match="the log ends here"):
        write_sorted(tmp_path, blocks())

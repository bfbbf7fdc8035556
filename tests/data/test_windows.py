import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recbole_opal.data.windows import flatten_ranges, next_items, previous_items

ITEMS = np.arange(101, 141)


@st.composite
def ranges(draw, least=0):
    """Draw (starts, ends) within ITEMS."""
    pairs = draw(
        st.lists(st.tuples(st.integers(0, 20), st.integers(least, 20)), min_size=1, max_size=8)
    )
    starts = np.array([start for start, _ in pairs], dtype=np.int64)
    return starts, starts + np.array([length for _, length in pairs], dtype=np.int64)


def padded(rows, width):
    return [list(row) + [0] * (width - len(row)) for row in rows]


@given(ranges(), st.integers(1, 12), st.booleans())
def test_previous_items_equals_a_loop(bounds, width, full_width):
    starts, ends = bounds
    rows = [ITEMS[start:end].tolist()[-width:] for start, end in zip(starts, ends, strict=True)]
    columns = width if full_width else max(1, *map(len, rows), 0)
    histories, lengths = previous_items(ITEMS, starts, ends, width, full_width=full_width)
    assert histories.tolist() == padded(rows, columns)
    assert lengths.tolist() == [len(row) for row in rows]
    assert histories.dtype == lengths.dtype == np.int64


@given(ranges(), st.integers(1, 12))
def test_next_items_equals_a_loop(bounds, width):
    starts, ends = bounds
    rows = [ITEMS[start:end].tolist()[:width] for start, end in zip(starts, ends, strict=True)]
    assert next_items(ITEMS, starts, ends, width).tolist() == padded(
        rows, max(1, *map(len, rows), 0)
    )


@given(ranges())
def test_flatten_ranges_equals_a_loop(bounds):
    starts, ends = bounds
    expected = [
        (row, position)
        for row, (start, end) in enumerate(zip(starts, ends, strict=True))
        for position in range(start, end)
    ]
    rows, positions = flatten_ranges(starts, ends)
    assert list(zip(rows.tolist(), positions.tolist(), strict=True)) == expected


def test_only_the_newest_are_kept_oldest_first():
    histories, lengths = previous_items(ITEMS, np.array([0, 5]), np.array([5, 6]), 3)
    assert histories.tolist() == [[103, 104, 105], [106, 0, 0]]
    assert lengths.tolist() == [3, 1]


@pytest.mark.parametrize(("full_width", "columns"), [(False, 2), (True, 50)])
def test_width_of_the_padding(full_width, columns):
    histories, _ = previous_items(ITEMS, np.array([0]), np.array([2]), 50, full_width=full_width)
    assert histories.shape == (1, columns)


def test_no_rows():
    nothing = np.empty(0, dtype=np.int64)
    histories, lengths = previous_items(ITEMS, nothing, nothing, 4)
    assert histories.shape == (0, 1)
    assert lengths.shape == (0,)
    rows, positions = flatten_ranges(nothing, nothing)
    assert rows.shape == positions.shape == (0,)

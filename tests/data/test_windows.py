import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from recbole_opal.data.user_sequences import flatten_ranges, last_positions, next_items

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


@given(ranges(), st.integers(1, 12))
def test_last_positions_equal_a_loop(bounds, width):
    starts, ends = bounds
    rows = [range(start, end)[-width:] for start, end in zip(starts, ends, strict=True)]
    positions, lengths = last_positions(starts, ends, width)
    assert positions.tolist() == [place for row in rows for place in row]
    assert lengths.tolist() == [len(row) for row in rows]
    assert positions.dtype == lengths.dtype == np.int64


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
    positions, lengths = last_positions(np.array([0, 5]), np.array([5, 6]), 3)
    assert ITEMS[positions].tolist() == [103, 104, 105, 106]
    assert lengths.tolist() == [3, 1]


def test_no_rows():
    nothing = np.empty(0, dtype=np.int64)
    positions, lengths = last_positions(nothing, nothing, 4)
    assert positions.shape == lengths.shape == (0,)
    assert next_items(ITEMS, nothing, nothing, 4).shape == (0, 1)
    rows, positions = flatten_ranges(nothing, nothing)
    assert rows.shape == positions.shape == (0,)

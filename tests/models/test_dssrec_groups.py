"""Rows of similar length together: every row and item once, and in its place."""

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from recbole_opal.interests.history import History
from recbole_opal.models.dssrec import group_by_length


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(1, 6), min_size=1, max_size=9), st.integers(1, 4))
def test_groups_hold_each_row_once_with_its_items(lengths, size):
    rows = torch.repeat_interleave(torch.tensor(lengths))
    vectors = torch.arange(len(rows), dtype=torch.float64).unsqueeze(1)
    history = History(vectors, torch.as_tensor(lengths), times=vectors[:, 0] * 10)
    groups = list(group_by_length(history, size))
    assert sorted(torch.cat([group.rows for group in groups]).tolist()) == list(range(len(lengths)))
    longest = 0
    for group in groups:
        part = group.history
        assert part.num_rows == len(group.rows) <= size
        assert part.vectors.equal(vectors[group.positions])
        assert part.times.equal(history.times[group.positions])
        assert group.rows[part.rows].equal(rows[group.positions])
        shortest = min(lengths[row] for row in group.rows.tolist())
        assert shortest >= longest  # groups go from short to long
        longest = max(lengths[row] for row in group.rows.tolist())
        for number in range(part.num_rows):  # time order is kept
            items = part.vectors[part.rows == number, 0]
            assert items.equal(items.sort().values)


def test_without_times_there_are_none():
    history = History(torch.zeros(2, 1), torch.bincount(torch.tensor([0, 1]), minlength=2))
    assert next(group_by_length(history, 2)).history.times is None

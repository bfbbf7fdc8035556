"""Rows of similar length together: every row and item once, and in its place."""

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from recbole_opal.interests.history import History
from recbole_opal.interests.length_groups import group_by_length


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(1, 6), max_size=9), st.integers(1, 4))
def test_groups_hold_each_row_once_with_its_items(lengths, size):
    rows = torch.repeat_interleave(torch.tensor(lengths, dtype=torch.int64))
    vectors = torch.arange(len(rows), dtype=torch.float64).unsqueeze(1)
    history = History(vectors, torch.tensor(lengths, dtype=torch.int64))
    groups = list(group_by_length(history, size))
    assert sorted(torch.cat([own for _, own, _ in groups]).tolist()) == list(range(len(lengths)))
    longest = 0
    for part, own, positions in groups:
        assert part.num_rows == len(own) <= size
        assert part.vectors.equal(vectors[positions])
        assert own[part.rows].equal(rows[positions])
        found = [lengths[row] for row in own.tolist()]
        assert min(found, default=longest) >= longest  # groups go from short to long
        longest = max(found, default=longest)
        for number in range(part.num_rows):  # time order is kept
            items = part.vectors[part.rows == number, 0]
            assert items.equal(items.sort().values)

"""How rows are shared out: all of them, once, by rank, and never none to the first process."""

from types import SimpleNamespace

import pytest

from recbole_opal.distributed import rows


@pytest.mark.parametrize("size", [1, 2, 3, 5])
@pytest.mark.parametrize("count", [0, 1, 2, 7, 10])
def test_parts_follow_each_other_and_the_first_is_the_longest(monkeypatch, count, size):
    parts = []
    for rank in range(size):
        group = SimpleNamespace(rank=rank, size=size)
        monkeypatch.setattr(rows, "current", lambda group=group: group)
        parts.append(range(count)[rows.own_part(count)])
    assert [row for part in parts for row in part] == list(range(count))
    lengths = [len(part) for part in parts]
    assert max(lengths) - min(lengths) <= 1
    assert lengths[0] == max(lengths)

"""Parts of batches and of evaluations: together they are the whole, in its order."""

from itertools import zip_longest

import numpy as np
import pytest
import torch

from recbole_opal.distributed import group
from recbole_opal.distributed.rows import own_part
from recbole_opal.host.config import OpalConfig
from recbole_opal.host.prepare import prepare_data


@pytest.fixture
def as_each(monkeypatch):
    """Return what calls a function as each of some processes does; nothing is exchanged."""

    def call(processes, function):
        found = []
        for rank in range(processes):
            monkeypatch.setattr(group, "_current", group.Group(rank, processes, None))
            found.append(function())
        monkeypatch.setattr(group, "_current", None)
        return found

    return call


@pytest.mark.parametrize("processes", [2, 3, 7])
@pytest.mark.parametrize("rows", [0, 1, 2, 5, 1024])
def test_every_row_is_in_one_part(as_each, processes, rows):
    parts = as_each(processes, lambda: list(range(rows))[own_part(rows)])
    assert sum(parts, []) == list(range(rows))
    assert max(map(len, parts)) - min(map(len, parts)) <= 1
    assert list(range(rows))[own_part(rows)] == list(range(rows))


@pytest.mark.parametrize("processes", [2, 5])
def test_batches_and_users_are_shared_out(as_each, quick_settings, processes):
    config = OpalConfig("PIMI", "tiny", quick_settings | {"eval_batch_size": 7})  # it reads times

    def batches():
        data = prepare_data(config, future_items=True)
        return list(data.train), list(data.test)

    training, test = batches()
    every = as_each(processes, batches)
    for whole, *parts in zip(training, *(own for own, _ in every), strict=True):
        for name in ("items", "lengths", "times"):
            joined = torch.cat([getattr(part.histories, name) for part in parts])
            assert torch.equal(joined, getattr(whole.histories, name))
        width = max(part.targets.shape[1] for part in parts)
        padded = [np.pad(p.targets, [(0, 0), (0, width - p.targets.shape[1])]) for p in parts]
        np.testing.assert_array_equal(np.concatenate(padded), whole.targets)
    judged = [batch.users.tolist() for _, own in every for batch in own]
    for found, batch in zip_longest(judged, test):
        assert found == batch.users.tolist()

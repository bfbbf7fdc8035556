"""The lists of an evaluation as arrays."""

import numpy as np
import torch
from recbole.evaluator.collector import DataStruct

from recbole_opal.evaluation.lists import RankedLists


def struct(**more):
    found = DataStruct()
    found.set("rec.users", torch.tensor([4, 2]))
    found.set("rec.items", torch.tensor([[7, 3], [5, 0]]))
    found.set("rec.topk", torch.tensor([[0, 1, 3], [1, 0, 1]]))
    for name, value in more.items():
        found.set(f"rec.{name}", value)
    return found


def test_hits_leave_out_the_number_of_targets():
    lists = RankedLists.of(struct())
    assert lists.users.tolist() == [4, 2]
    assert lists.items.dtype == np.int32
    assert lists.hits.tolist() == [[False, True], [True, False]]
    assert lists.interests is None
    assert set(lists.arrays()) == {"user_id", "items"}


def test_winners_are_kept_where_there_are_interests():
    lists = RankedLists.of(
        struct(
            winners=torch.tensor([[2, 0], [1, 255]], dtype=torch.uint8),
            cosines=torch.tensor([0.5, 0.1], dtype=torch.float64),
            active=torch.tensor([[True, True, True], [True, True, False]]),
        )
    )
    assert lists.interests is not None
    assert lists.interests.count == 3
    assert lists.interests.active.tolist() == [[True, True, True], [True, True, False]]
    assert set(lists.arrays()) == {"user_id", "items", "interest"}
    assert lists.arrays()["interest"].tolist() == [[2, 0], [1, 255]]
    assert lists.arrays()["interest"].dtype == np.uint8

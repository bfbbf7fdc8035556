"""GAUC over rows of which some have no item that is not a target."""

import math
import warnings

import numpy as np
import pytest

from recbole_opal.evaluation.judged import RankRecord
from recbole_opal.evaluation.ranking import GAUC


def test_users_without_a_negative_are_left_out(of_lists):
    ranks, items, targets = np.array([3.0, 6.0, 1.0]), np.array([4, 3, 3]), np.array([2, 3, 1])

    def gauc(rows):
        record = RankRecord(ranks[rows], items[rows])
        lists = np.zeros((len(ranks[rows]), 1))
        return GAUC().values(of_lists(lists, num_targets=targets[rows], ranks=record), 1)

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found, one, none = gauc(slice(0, 3)), gauc(slice(0, 1)), gauc(slice(1, 2))
    assert found == pytest.approx((2 * 1.0 + 1 * 1.0) / 3)
    assert one == pytest.approx(1.0)
    assert math.isnan(none)

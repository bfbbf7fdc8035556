"""GAUC over rows of which some have no item that is not a target."""

import math
import warnings

import numpy as np
import pytest

from recbole_opal.evaluation.metrics import GAUC


def test_users_without_a_negative_are_left_out(config, caplog):
    ranks, items, targets = np.array([[3.0], [6.0], [1.0]]), [4.0, 3.0, 3.0], [2.0, 3.0, 1.0]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = GAUC(config).metric_info(ranks, np.array(items), np.array(targets))
        one = GAUC(config).metric_info(ranks[:1], np.array(items[:1]), np.array(targets[:1]))
        none = GAUC(config).metric_info(ranks[1:2], np.array(items[1:2]), np.array(targets[1:2]))
    assert found == pytest.approx((2 * 1.0 + 1 * 1.0) / 3)
    assert one == pytest.approx(1.0)
    assert math.isnan(none)
    assert not caplog.records

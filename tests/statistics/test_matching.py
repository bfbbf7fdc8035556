"""Users of two runs in one order."""

import numpy as np
import pytest

from recbole_opal.errors import DataError
from recbole_opal.statistics import match_users


def test_places_by_hand():
    assert match_users(np.array([5, 2, 9]), np.array([9, 5, 2])).tolist() == [1, 2, 0]


def test_tokens_are_matched_too():
    one = np.array(["u1", "u10", "u2"])
    other = np.random.default_rng(0).permutation(one)
    assert other[match_users(one, other)].tolist() == one.tolist()


def test_different_users_are_told():
    with pytest.raises(DataError, match=r"3 and 2, 1 of them the same.*eval_args"):
        match_users(np.array([1, 2, 3]), np.array([3, 4]))
    with pytest.raises(DataError, match="different users"):
        match_users(np.array([1, 2]), np.array([1, 3]))


def test_a_user_twice_is_told():
    with pytest.raises(DataError, match="twice"):
        match_users(np.array([1, 1]), np.array([1, 2]))

"""Arrays that a run would not leave are told before they are computed with."""

import numpy as np
import pytest

from recbole_opal.runs.shapes import misfit

NAME = "histories-test.npz"
SOUND = {
    "user_id": np.array([4, 2]),
    "items": np.array([1, 2, 1], dtype=np.int32),
    "lengths": np.array([2, 1], dtype=np.int32),
    "times": np.array([0.5, 1.0, 9.0]),
}


def test_sound_histories_have_no_fault_with_and_without_times():
    assert misfit(NAME, SOUND) is None
    assert misfit(NAME, {name: SOUND[name] for name in ("user_id", "items", "lengths")}) is None


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"lengths": np.array([2, 2])}, "do not add up"),
        ({"lengths": np.array([3])}, "does not fit the others"),
        ({"items": np.array([1.0, 2.0, 3.0])}, "items of shape"),
        ({"items": np.array([1, -2, 3])}, "outside of"),
        ({"times": np.array([0.5, 1.0])}, "times of shape"),
        ({"times": np.array([1, 2, 3])}, "times of shape"),
    ],
)
def test_torn_histories_are_told(change, told):
    assert told in misfit(NAME, SOUND | change)

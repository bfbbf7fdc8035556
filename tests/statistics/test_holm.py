"""Holm's correction."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recbole_opal.statistics import adjust


def test_by_hand():
    # 4 x 0.01, 3 x 0.02, then 2 x 0.03 = 0.06, and 0.05 x 1 lifted to the one before.
    assert adjust([0.03, 0.01, 0.05, 0.02]).tolist() == pytest.approx([0.06, 0.04, 0.06, 0.06])


def test_one_test_needs_no_correction_and_none_is_fine():
    assert adjust([0.04]).tolist() == [0.04]
    assert adjust([]).tolist() == []


def test_nothing_exceeds_one():
    assert adjust([0.6, 0.9, 1.0]).tolist() == [1.0, 1.0, 1.0]


@given(st.lists(st.floats(0, 1), min_size=1, max_size=30))
def test_rejects_what_the_sequential_procedure_rejects(p_values):
    adjusted = adjust(p_values)
    rejected = np.zeros(len(p_values), dtype=bool)
    for step, place in enumerate(np.argsort(p_values, kind="stable")):
        if p_values[place] * (len(p_values) - step) > 0.05:
            break
        rejected[place] = True
    assert (adjusted <= 0.05).tolist() == rejected.tolist()
    assert (adjusted >= np.array(p_values)).all()


@pytest.mark.parametrize("value", [-0.1, 1.1, float("nan")])
def test_no_p_value_is_refused(value):
    with pytest.raises(ValueError, match=r"\[0, 1\]"):
        adjust([0.5, value])

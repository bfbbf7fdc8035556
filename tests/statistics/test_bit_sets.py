"""Sets as bits of words."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from recbole_opal.statistics.bit_sets import bit_sets


@given(st.lists(st.lists(st.integers(0, 200), min_size=3, max_size=3), min_size=2, max_size=2))
def test_rows_share_a_member_where_words_share_a_bit(rows):
    words = bit_sets(np.array(rows, dtype=np.int64))
    one, other = (set(row) - {0} for row in rows)
    assert bool((words[0] & words[1]).any()) == bool(one & other)
    assert bool(words[0].any()) == bool(one)


def test_no_member_at_all():
    assert bit_sets(np.zeros((3, 2), dtype=np.int64)).tolist() == [[0]] * 3

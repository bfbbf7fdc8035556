import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st

from recbole_opal.serving.popularity import PopularItems


@st.composite
def cases(draw):
    size = draw(st.integers(1, 8))
    counts = draw(st.lists(st.integers(0, 3), min_size=size, max_size=size))
    rows = draw(st.integers(0, 3))
    pair = st.tuples(st.integers(0, max(rows - 1, 0)), st.integers(0, size))
    pairs = draw(st.lists(pair, max_size=20)) if rows else []
    only = draw(st.none() | st.lists(st.booleans(), min_size=size, max_size=size))
    return [0, *counts], rows, draw(st.integers(1, 10)), pairs, only


@given(cases())
def test_lists_are_those_by_hand(case):
    counts, rows, k, pairs, only = case
    popular = PopularItems(np.array(counts))
    exclude = tuple(torch.tensor([pair[part] for pair in pairs]).long() for part in (0, 1))
    allowed = None if only is None else torch.tensor([True, *only])
    found = popular.top_k(rows, k, exclude, allowed)
    assert found.ids.shape == found.scores.shape == (rows, k)
    for row in range(rows):
        left = [
            item
            for item in sorted(range(1, len(counts)), key=lambda item: (-counts[item], item))
            if (row, item) not in pairs and (only is None or only[item - 1])
        ][:k]
        assert found.ids[row].tolist() == left + [0] * (k - len(left))
        expected = [float(counts[item]) for item in left] + [-np.inf] * (k - len(left))
        assert found.scores[row].tolist() == expected

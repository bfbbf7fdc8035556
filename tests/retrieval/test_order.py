"""The order of lists: hand-made ties, then a full sort on random rows."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from recbole_opal.errors import RetrievalError
from recbole_opal.retrieval import order
from recbole_opal.retrieval.order import in_order, top_in_order


def test_in_order_sorts_by_score_then_id() -> None:
    scores = torch.tensor([[1.0, 3.0, 3.0, 2.0]])
    ids = torch.tensor([[4, 9, 2, 7]])
    values, sorted_ids = in_order(scores, ids)
    assert values.tolist() == [[3.0, 3.0, 2.0, 1.0]]
    assert sorted_ids.tolist() == [[2, 9, 7, 4]]


def test_ties_at_the_cut_take_the_lowest_columns() -> None:
    values, columns = top_in_order(torch.tensor([[1.0, 5.0, 1.0, 1.0, 2.0]]), 3)
    assert columns.tolist() == [[1, 4, 0]]
    assert values.tolist() == [[5.0, 2.0, 1.0]]


def test_all_equal_and_all_minus_infinity() -> None:
    _, equal = top_in_order(torch.zeros(2, 6), 4)
    _, nothing = top_in_order(torch.full((1, 6), -torch.inf), 4)
    assert equal.tolist() == [[0, 1, 2, 3]] * 2
    assert nothing.tolist() == [[0, 1, 2, 3]]


def test_more_asked_than_there_is_returns_all() -> None:
    _, columns = top_in_order(torch.tensor([[1.0, 2.0, 2.0]]), 8)
    assert columns.tolist() == [[1, 2, 0]]


def test_nan_is_refused() -> None:
    with pytest.raises(RetrievalError, match="not a number"):
        top_in_order(torch.tensor([[0.0, torch.nan, 1.0]]), 1)


def test_rows_in_several_chunks_give_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    scores = torch.randint(0, 3, (9, 20), generator=torch.Generator().manual_seed(1)).float()
    whole = top_in_order(scores, 5)
    monkeypatch.setattr(order, "_CHUNK_ELEMENTS", 40)
    parts = top_in_order(scores, 5)
    assert torch.equal(whole[1], parts[1])
    assert torch.equal(whole[0], parts[0])


@given(
    st.lists(st.lists(st.integers(-2, 2), min_size=7, max_size=7), min_size=1, max_size=5),
    st.integers(1, 9),
)
def test_equals_a_full_stable_sort(rows: list[list[int]], k: int) -> None:
    scores = np.array(rows, dtype=np.float32)
    _, columns = top_in_order(torch.from_numpy(scores), k)
    assert columns.tolist() == np.argsort(-scores, axis=1, kind="stable")[:, :k].tolist()

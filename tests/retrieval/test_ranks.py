"""Average ranks against hand-made numbers and scipy."""

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy.stats import rankdata

from recbole_opal.errors import RetrievalError
from recbole_opal.retrieval import average_ranks, ranks
from recbole_opal.retrieval.ranks import average_ranks_of_scores


def test_hand_computed_ties_share_their_mean_rank() -> None:
    items = torch.tensor([[99.0], [4.0], [2.0], [2.0], [2.0], [1.0]])
    positives = (torch.tensor([0, 0, 0]), torch.tensor([1, 3, 5]))
    found = average_ranks(torch.ones(1, 1, 1), items, positives)
    assert found.tolist() == [1.0, 3.0, 5.0]


def test_masked_items_are_no_candidates() -> None:
    items = torch.tensor([[0.0], [4.0], [3.0], [2.0]])
    mask = (torch.tensor([0]), torch.tensor([1]))
    positives = (torch.tensor([0, 1]), torch.tensor([2, 2]))
    found = average_ranks(torch.ones(2, 1, 1), items, positives, exclude=mask)
    assert found.tolist() == [1.0, 2.0]


@pytest.mark.parametrize("item", [0, 2])
def test_a_target_that_cannot_be_returned_is_refused(item: int) -> None:
    mask = (torch.tensor([0]), torch.tensor([2]))
    with pytest.raises(RetrievalError, match="already in the history"):
        average_ranks(
            torch.ones(1, 1, 1),
            torch.ones(3, 1),
            (torch.tensor([0]), torch.tensor([item])),
            exclude=mask,
        )


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    seed=st.integers(0, 10_000), integers=st.booleans(), block_size=st.sampled_from([1, 5, 8192])
)
def test_equals_scipy(all_scores: Any, seed: int, integers: bool, block_size: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    interests, items = (
        torch.randn(4, 3, 2, generator=generator),
        torch.randn(31, 2, generator=generator),
    )
    if integers:
        interests, items = interests.round(), items.round()
    mask = (torch.randint(0, 4, (20,), generator=generator), torch.randint(0, 15, (20,)))
    positives = (torch.arange(4).repeat(3), torch.randint(15, 31, (12,), generator=generator))
    scores = all_scores(interests, items, mask)
    expected = np.stack([rankdata(-row) for row in scores])[positives[0], positives[1]]
    found = average_ranks(interests, items, positives, exclude=mask, block_size=block_size)
    assert found.tolist() == expected.tolist()
    dense = average_ranks_of_scores(torch.from_numpy(scores), positives)
    assert dense.tolist() == expected.tolist()


def test_chunks_give_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    interests, items = torch.randn(3, 2, 4), torch.randn(50, 4)
    positives = (torch.arange(3).repeat(5), torch.arange(1, 16))
    whole = average_ranks(interests, items, positives)
    monkeypatch.setattr(ranks, "_CHUNK_ELEMENTS", 60)
    assert torch.equal(average_ranks(interests, items, positives), whole)

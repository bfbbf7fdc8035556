"""Exact search among some of the items: as if the others were not there."""

from typing import Any

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from recbole_opal.errors import RetrievalError
from recbole_opal.retrieval import EXACT_KINDS, make_retriever


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.integers(0, 2**20), st.integers(1, 60), st.sampled_from([0.0, 0.2, 0.7, 1.0]), st.booleans()
)
def test_equals_brute_force_with_the_others_excluded(
    brute_force: Any, seed: int, count: int, share: float, ties: bool
) -> None:
    generator = torch.Generator().manual_seed(seed)
    items, interests = (
        torch.randn(*shape, generator=generator) for shape in ((count, 3), (4, 2, 3))
    )
    if ties:
        items, interests = items.round(), interests.round()
    only = torch.rand(count, generator=generator) < share
    rows, ids = (torch.randint(0, high, (20,), generator=generator) for high in (4, count))
    others = (~only).nonzero().flatten()
    excluded = (
        torch.cat((rows, torch.arange(4).repeat_interleave(len(others)))),
        torch.cat((ids, others.repeat(4))),
    )
    expected = brute_force(interests, items, 12, excluded)
    before = only.clone()
    for kind in EXACT_KINDS:
        found = make_retriever(kind, items, 7).top_k(interests, 12, (rows, ids), only)
        assert torch.equal(found.ids, expected.ids)
        assert torch.equal(found.scores, expected.scores)
    assert torch.equal(only, before)


@pytest.mark.parametrize("kind", EXACT_KINDS)
def test_a_mask_of_another_shape_or_type_is_refused(kind: str) -> None:
    index = make_retriever(kind, torch.ones(5, 2))
    for only in (torch.ones(4, dtype=torch.bool), torch.arange(5)):
        with pytest.raises(RetrievalError, match="pass 5 truth values"):
            index.top_k(torch.ones(1, 1, 2), 2, only=only)

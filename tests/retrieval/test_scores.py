"""Final scores agree however they are computed, and the error bound covers the fast product."""

import pytest
import torch

from recbole_opal.errors import RetrievalError
from recbole_opal.retrieval import scores as scores_module
from recbole_opal.retrieval.scores import (
    ItemVectors,
    block_scores,
    candidate_scores,
    check_interests,
)


def _random(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def test_hand_computed() -> None:
    interests = torch.tensor([[[1.0, 0.0], [0.0, 2.0]]])
    items = torch.tensor([[0.0, 0.0], [3.0, 1.0], [1.0, 4.0]])
    assert block_scores(interests, items).tolist() == [[0.0, 3.0, 8.0]]
    assert candidate_scores(interests, items, torch.tensor([[2, 1]])).tolist() == [[8.0, 3.0]]


def test_candidates_and_blocks_agree_bit_for_bit(monkeypatch: pytest.MonkeyPatch) -> None:
    interests, items = _random(13, 3, 37), _random(501, 37, seed=1)
    ids = torch.arange(501).expand(13, -1)
    whole = block_scores(interests, items)
    assert torch.equal(candidate_scores(interests, items, ids), whole)
    monkeypatch.setattr(scores_module, "_CHUNK_ELEMENTS", 501 * 37 * 2)
    assert torch.equal(candidate_scores(interests, items, ids), whole)
    parts = [block_scores(interests, part) for part in items.split(7)]
    assert torch.equal(torch.cat(parts, dim=1), whole)


@pytest.mark.parametrize("scale", [1.0, 1e-3, 1e4, 1e-21])
def test_error_bound_holds_and_is_not_empty(scale: float) -> None:
    interests, items = _random(50, 2, 64) * scale, _random(300, 64, seed=1)
    fast = torch.einsum("bkd,nd->bkn", interests, items).amax(dim=1)
    off = (fast.double() - block_scores(interests, items).double()).abs().amax(dim=1)
    bound = ItemVectors.of(items).error_bound(interests)
    assert bool((off <= bound).all())
    assert bool((bound < 1e-4 * scale * 64 + 1e-30).all())


def test_lower_matmul_precision_widens_the_bound() -> None:
    interests, items = _random(2, 1, 8), ItemVectors.of(_random(5, 8))
    usual = items.error_bound(interests)
    torch.set_float32_matmul_precision("high")
    try:
        assert bool((items.error_bound(interests) > 100 * usual).all())
    finally:
        torch.set_float32_matmul_precision("highest")


def test_half_precision_becomes_float32() -> None:
    assert ItemVectors.of(torch.ones(3, 2, dtype=torch.bfloat16)).table.dtype == torch.float32
    assert ItemVectors.of(torch.ones(3, 2, dtype=torch.float64)).table.dtype == torch.float64


@pytest.mark.parametrize("bad", [torch.nan, torch.inf, -torch.inf, 3e19])
def test_values_that_cannot_be_ranked_are_refused(bad: float) -> None:
    items = torch.ones(4, 2)
    vectors = ItemVectors.of(items.clone())
    items[2, 1] = bad
    with pytest.raises(RetrievalError, match="item table"):
        ItemVectors.of(items)
    with pytest.raises(RetrievalError, match="interests"):
        check_interests(items[None], vectors, 3)


@pytest.mark.parametrize("shape", [(3, 2), (2, 0, 2), (2, 1, 3)])
def test_shapes_are_checked(shape: tuple[int, ...]) -> None:
    with pytest.raises(RetrievalError, match="width 2"):
        check_interests(torch.ones(shape), ItemVectors.of(torch.ones(4, 2)), 1)


def test_k_and_table_shape_are_checked() -> None:
    with pytest.raises(RetrievalError, match="k=0"):
        check_interests(torch.ones(1, 1, 2), ItemVectors.of(torch.ones(4, 2)), 0)
    with pytest.raises(RetrievalError, match="row 0"):
        ItemVectors.of(torch.ones(4))

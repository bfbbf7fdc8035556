"""Both backends against a brute-force sort: ties, masks, several interests, padding, fills."""

import itertools
from typing import Any

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from recbole_opal.errors import RetrievalError, SettingsError
from recbole_opal.retrieval import EXACT_KINDS, TopK, exact, exact_top_k, make_retriever


def _same(found: TopK, expected: TopK) -> None:
    assert found.ids.dtype == torch.int64
    assert found.scores.dtype == torch.float32
    assert torch.equal(found.ids, expected.ids)
    assert torch.equal(found.scores, expected.scores)


def _pairs(rows: int, items: int, count: int, seed: int) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    return (
        torch.randint(0, rows, (count,), generator=generator),
        torch.randint(0, items, (count,), generator=generator),
    )


@pytest.mark.parametrize("backend", EXACT_KINDS)
def test_hand_computed_ties_padding_and_mask(backend: str) -> None:
    items = torch.tensor([[9.0, 9.0], [1.0, 0.0], [0.0, 1.0], [1.0, 1.0], [1.0, 0.0], [-1.0, 0.0]])
    interests = torch.tensor([[[1.0, 0.0], [0.0, 1.0]], [[1.0, 0.0], [1.0, 0.0]]])
    found = make_retriever(backend, items).top_k(
        interests, 3, (torch.tensor([0, 1]), torch.tensor([1, 3]))
    )
    # Row 0: items 2, 3, 4 all score 1 (1 is masked); row 1: 1 and 4 score 1, then 2 with 0.
    assert found.ids.tolist() == [[2, 3, 4], [1, 4, 2]]
    assert found.scores.tolist() == [[1.0, 1.0, 1.0], [1.0, 1.0, 0.0]]


@pytest.mark.parametrize("backend", EXACT_KINDS)
@pytest.mark.parametrize("num_interests", [1, 4])
@pytest.mark.parametrize("integers", [True, False], ids=["ties", "random"])
@pytest.mark.parametrize("block_size", [1, 7, 64, 4096])
def test_equals_brute_force(
    brute_force: Any, backend: str, num_interests: int, integers: bool, block_size: int
) -> None:
    generator = torch.Generator().manual_seed(num_interests)
    make = torch.randn if not integers else _integers
    interests = make(11, num_interests, 6, generator=generator)
    items = make(203, 6, generator=generator)
    retriever = make_retriever(backend, items, block_size)
    for k, exclude in itertools.product((1, 20, 150), (None, _pairs(11, 203, 400, 3))):
        _same(retriever.top_k(interests, k, exclude), brute_force(interests, items, k, exclude))


def _integers(*shape: int, generator: torch.Generator) -> torch.Tensor:
    return torch.randint(-1, 2, shape, generator=generator).float()


@pytest.mark.parametrize("backend", EXACT_KINDS)
@pytest.mark.parametrize("count", [1, 2, 9])
def test_fewer_candidates_than_asked_are_filled(brute_force: Any, backend: str, count: int) -> None:
    interests, items = torch.randn(3, 2, 4), torch.randn(count, 4)
    exclude = _pairs(3, count, 8, 1)
    found = make_retriever(backend, items).top_k(interests, 12, exclude)
    _same(found, brute_force(interests, items, 12, exclude))
    assert bool((found.ids[:, -1] == 0).all())
    assert bool((found.scores[found.ids == 0] == -torch.inf).all())


@pytest.mark.parametrize("backend", EXACT_KINDS)
def test_a_row_with_everything_masked(backend: str) -> None:
    exclude = (torch.zeros(4, dtype=torch.int64), torch.arange(1, 5))
    found = make_retriever(backend, torch.ones(5, 2)).top_k(torch.ones(2, 1, 2), 2, exclude)
    assert found.ids.tolist() == [[0, 0], [1, 2]]


@pytest.mark.parametrize("backend", EXACT_KINDS)
def test_no_rows(backend: str) -> None:
    found = make_retriever(backend, torch.ones(5, 2)).top_k(torch.ones(0, 3, 2), 2)
    assert found.ids.shape == (0, 2)


@pytest.mark.parametrize("backend", EXACT_KINDS)
def test_items_that_differ_by_less_than_the_fast_error_are_still_in_order(
    brute_force: Any, backend: str
) -> None:
    # All items are one vector up to the last bits: the fast product cannot order them.
    generator = torch.Generator().manual_seed(5)
    base = torch.randn(1, 64, generator=generator)
    items = base * (1 + 1e-7 * torch.randn(3000, 1, generator=generator))
    interests = torch.randn(4, 2, 64, generator=generator)
    found = make_retriever(backend, items, 512).top_k(interests, 10)
    _same(found, brute_force(interests, items, 10))


@pytest.mark.parametrize("backend", EXACT_KINDS)
def test_float64_vectors(brute_force: Any, backend: str) -> None:
    generator = torch.Generator().manual_seed(2)
    interests = torch.randn(5, 2, 8, dtype=torch.float64, generator=generator)
    items = torch.randn(400, 8, dtype=torch.float64, generator=generator)
    _same(make_retriever(backend, items, 33).top_k(interests, 9), brute_force(interests, items, 9))


def test_lists_do_not_depend_on_the_other_rows(brute_force: Any) -> None:
    generator = torch.Generator().manual_seed(8)
    interests = torch.randn(30, 3, 16, generator=generator)
    items = torch.randn(1000, 16, generator=generator)
    together = exact_top_k(interests, items, 10)
    for row in range(30):
        assert torch.equal(
            exact_top_k(interests[row : row + 1], items, 10).ids[0], together.ids[row]
        )


def test_usual_rows_need_no_second_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any) -> None:
        raise AssertionError("the slow pass ran")

    monkeypatch.setattr(exact, "settle", refuse)
    generator = torch.Generator().manual_seed(4)
    interests, items = torch.randn(64, 4, 64, generator=generator), torch.randn(20_000, 64)
    exact_top_k(interests, items, 50)
    with pytest.raises(AssertionError, match="slow pass"):
        exact_top_k(interests, torch.zeros(100, 64), 50)


def test_inputs_are_left_alone() -> None:
    interests, items = torch.randn(2, 2, 3), torch.randn(9, 3)
    before = interests.clone(), items.clone()
    exact_top_k(interests, items, 3, exclude=_pairs(2, 9, 4, 0))
    assert torch.equal(interests, before[0])
    assert torch.equal(items, before[1])


def test_bad_arguments_are_named() -> None:
    with pytest.raises(SettingsError, match="choose torch, faiss, ivf-flat"):
        make_retriever("annoy", torch.ones(3, 2))
    for backend in EXACT_KINDS:
        with pytest.raises(RetrievalError, match="block size is 0"):
            make_retriever(backend, torch.ones(3, 2), 0)
        with pytest.raises(RetrievalError, match="k=0"):
            make_retriever(backend, torch.ones(3, 2)).top_k(torch.ones(1, 1, 2), 0)


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.data())
def test_property_backends_and_brute_force_agree(brute_force: Any, data: st.DataObject) -> None:
    sizes = {name: data.draw(st.integers(1, top), label=name) for name, top in _TOPS.items()}
    seed = data.draw(st.integers(0, 2**20))
    generator = torch.Generator().manual_seed(seed)
    make = _integers if data.draw(st.booleans(), label="integers") else torch.randn
    interests = make(sizes["B"], sizes["K"], sizes["D"], generator=generator)
    items = make(sizes["N"], sizes["D"], generator=generator)
    exclude = _pairs(sizes["B"], sizes["N"], data.draw(st.integers(0, 40)), seed)
    expected = brute_force(interests, items, sizes["k"], exclude)
    for backend in EXACT_KINDS:
        retriever = make_retriever(backend, items, sizes["block"])
        _same(retriever.top_k(interests, sizes["k"], exclude), expected)


_TOPS = {"B": 5, "K": 4, "D": 4, "N": 60, "k": 30, "block": 70}

"""What is particular to the Faiss backend; its lists are tested with the other's in test_exact."""

import sys
from typing import Any

import pytest
import torch

from recbole_opal.errors import RetrievalError
from recbole_opal.retrieval import ExactIndex, FaissFlatIndex, exact, faiss_flat


def test_deep_rows_are_settled_by_blocks(brute_force: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []
    settle = exact.settle
    monkeypatch.setattr(faiss_flat, "_MAX_DEPTH", 64)
    monkeypatch.setattr(exact, "settle", lambda *args: calls.append(args) or settle(*args))
    generator = torch.Generator().manual_seed(0)
    interests, items = torch.randn(4, 2, 8, generator=generator), torch.randn(500, 8)
    # Row 1 masks its 200 best items, more than the deepest list can hold; the others mask none.
    best = brute_force(interests, items, 200).ids[1]
    exclude = (torch.ones(200, dtype=torch.int64), best)
    found = FaissFlatIndex(items).top_k(interests, 10, exclude)
    assert torch.equal(found.ids, brute_force(interests, items, 10, exclude).ids)
    assert [len(args[0]) for args in calls] == [1]


def test_rows_share_searches_as_deep_as_they_need(
    brute_force: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []
    search = FaissFlatIndex._candidates

    def spy(self: FaissFlatIndex, queries: Any, depth: int) -> Any:
        asked.append((len(queries), depth))
        return search(self, queries, depth)

    monkeypatch.setattr(FaissFlatIndex, "_candidates", spy)
    generator = torch.Generator().manual_seed(2)
    interests, items = torch.randn(3, 2, 4, generator=generator), torch.randn(300, 4)
    exclude = (torch.ones(60, dtype=torch.int64), torch.arange(1, 61))
    found = FaissFlatIndex(items).top_k(interests, 5, exclude)
    assert torch.equal(found.ids, brute_force(interests, items, 5, exclude).ids)
    assert asked == [(2, 32), (1, 128)]


def test_a_tie_at_the_cut_is_settled() -> None:
    found = FaissFlatIndex(torch.ones(300, 4)).top_k(torch.ones(2, 1, 4), 5)
    assert found.ids.tolist() == [[1, 2, 3, 4, 5]] * 2


def test_rows_in_several_calls(monkeypatch: pytest.MonkeyPatch) -> None:
    generator = torch.Generator().manual_seed(1)
    interests, items = torch.randn(20, 3, 8, generator=generator), torch.randn(400, 8)
    whole = FaissFlatIndex(items).top_k(interests, 5)
    monkeypatch.setattr(faiss_flat, "CHUNK_RESULTS", 200)
    assert torch.equal(FaissFlatIndex(items).top_k(interests, 5).ids, whole.ids)
    assert torch.equal(ExactIndex(items).top_k(interests, 5).ids, whole.ids)


def test_without_faiss_the_fix_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "faiss", None)
    with pytest.raises(RetrievalError, match="pip install faiss-cpu"):
        FaissFlatIndex(torch.ones(3, 2))

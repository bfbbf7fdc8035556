"""A soft maximum over interests: the rule itself, and every search by it against a full sort."""

import itertools
from typing import Any

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from torch import Tensor

from recbole_opal.errors import SettingsError
from recbole_opal.retrieval import (
    APPROXIMATE_KINDS,
    EXACT_KINDS,
    ExactIndex,
    FaissFlatIndex,
    Scoring,
    TopK,
    average_ranks,
    make_retriever,
)
from recbole_opal.retrieval.stored_index import load_index, save_index
from recbole_opal.runs import RunFolder

ALL = {  # all items are looked at
    "ivf-flat": {"nlist": 8, "nprobe": 8},
    "ivf-pq": {"nlist": 8, "nprobe": 8, "subvectors": 2, "bits": 4, "refine": 8},
    "hnsw": {"ef_search": 300},
    "sq8": {},
}


def vectors(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def assert_same(found: TopK, expected: TopK) -> None:
    assert torch.equal(found.ids, expected.ids)
    assert torch.equal(found.scores, expected.scores)


@pytest.mark.parametrize("temperature", [1e-6, 0.1, 1.0, 10.0])
def test_the_rule_is_the_log_sum_exp(temperature: float) -> None:
    products = torch.randn(7, 5, 4, dtype=torch.float64)
    before = products.clone()
    expected = temperature * (products / temperature).logsumexp(dim=-1)
    torch.testing.assert_close(Scoring(temperature).of_last(products), expected)
    torch.testing.assert_close(Scoring(temperature).of(products.unbind(dim=-1)), expected)
    assert products[..., 1:].equal(before[..., 1:])


def test_nothing_overflows_where_products_are_huge_and_the_temperature_is_small() -> None:
    products = torch.tensor([[3e38, -3e38, 0.0], [-3e38, -3e38, -3e38]])
    assert torch.equal(Scoring(1e-6).of_last(products), products.amax(dim=1))


def test_equal_products_lie_the_logarithm_of_their_number_above_each() -> None:
    found = Scoring(0.5).of_last(torch.full((3, 4), 2.0, dtype=torch.float64))
    torch.testing.assert_close(found, 2 + 0.5 * torch.full((3,), 4.0).double().log())


@pytest.mark.parametrize("kind", EXACT_KINDS)
@pytest.mark.parametrize("integers", [True, False], ids=["ties", "random"])
@pytest.mark.parametrize("temperature", [0.1, 2.0])
def test_exact_lists_equal_brute_force(
    brute_force: Any, kind: str, integers: bool, temperature: float
) -> None:
    interests, items = vectors(11, 4, 6), vectors(403, 6, seed=1)
    if integers:
        interests, items = interests.round(), items.round()
    exclude = (torch.arange(11).repeat(40), torch.arange(440) % 403)
    for k, excluded, block in itertools.product((1, 20, 390), (None, exclude), (7, 4096)):
        found = make_retriever(kind, items, block, scoring=Scoring(temperature))
        expected = brute_force(interests, items, k, excluded, temperature)
        assert_same(found.top_k(interests, k, excluded), expected)


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.data())
def test_property_both_exact_kinds(brute_force: Any, data: st.DataObject) -> None:
    draw, seed = data.draw, data.draw(st.integers(0, 2**20))
    rows, interests = draw(st.integers(1, 4)), draw(st.integers(1, 5))
    count, k = draw(st.integers(1, 300)), draw(st.integers(1, 60))
    temperature = draw(st.sampled_from([1e-6, 0.05, 1.0, 10.0]))
    items, queries = vectors(count, 4, seed=seed), vectors(rows, interests, 4, seed=seed + 1)
    if draw(st.booleans(), label="duplicates and ties"):
        items = items.round()
    expected = brute_force(queries, items, k, None, temperature)
    for kind in EXACT_KINDS:
        found = make_retriever(kind, items, 64, scoring=Scoring(temperature)).top_k(queries, k)
        assert_same(found, expected)


@pytest.mark.parametrize("kind", EXACT_KINDS)
def test_an_item_that_is_best_for_no_interest_alone_but_for_all_together(kind: str) -> None:
    one = torch.eye(2).repeat_interleave(100, dim=0)  # 100 items of each interest
    items = torch.cat((torch.zeros(1, 2), one, torch.tensor([[0.9, 0.9]])))
    found = make_retriever(kind, items, scoring=Scoring(1.0)).top_k(torch.eye(2)[None], 1)
    assert found.ids.tolist() == [[201]]
    torch.testing.assert_close(found.scores, torch.tensor([[0.9]]) + torch.tensor(2.0).log())
    assert make_retriever(kind, items).top_k(torch.eye(2)[None], 1).ids.tolist() == [[1]]


@pytest.mark.parametrize(("spread", "left"), [(1e-3, []), (3.0, [1])])
def test_faiss_leaves_to_torch_the_rows_whose_lists_may_lack_an_item(
    brute_force: Any, monkeypatch: pytest.MonkeyPatch, spread: float, left: list[int]
) -> None:
    searched = []
    search = ExactIndex._search

    def spy(self: ExactIndex, queries: Tensor, *rest: Any) -> Any:
        searched.append(len(queries))
        return search(self, queries, *rest)

    monkeypatch.setattr(ExactIndex, "_search", spy)
    items = vectors(5000, 8)
    queries = vectors(6, 1, 8, seed=2) + spread * vectors(6, 4, 8, seed=3)
    found = FaissFlatIndex(items, scoring=Scoring(10.0)).top_k(queries, 10)
    assert_same(found, brute_force(queries, items, 10, None, 10.0))
    assert searched == left


@pytest.mark.parametrize("kind", [*EXACT_KINDS, *APPROXIMATE_KINDS])
def test_one_interest_is_the_maximum_bit_by_bit(kind: str) -> None:
    interests, items = vectors(5, 1, 8), vectors(301, 8, seed=1)
    chosen = ALL.get(kind)
    soft = make_retriever(kind, items, settings=chosen, scoring=Scoring(0.1))
    assert_same(
        soft.top_k(interests, 10), make_retriever(kind, items, settings=chosen).top_k(interests, 10)
    )


@pytest.mark.parametrize("kind", EXACT_KINDS)
def test_some_items_only(brute_force: Any, kind: str) -> None:
    interests, items = vectors(4, 3, 8), vectors(500, 8, seed=1)
    only = torch.rand(500, generator=torch.Generator().manual_seed(1)) < 0.3
    rows, ids = torch.meshgrid(torch.arange(4), (~only).nonzero().flatten(), indexing="ij")
    expected = brute_force(interests, items, 10, (rows.flatten(), ids.flatten()), 0.3)
    found = make_retriever(kind, items, scoring=Scoring(0.3))
    assert_same(found.top_k(interests, 10, only=only), expected)


@pytest.mark.parametrize("kind", APPROXIMATE_KINDS)
def test_an_approximate_search_of_everything_equals_brute_force(
    brute_force: Any, kind: str
) -> None:
    interests, items = vectors(9, 3, 8), vectors(301, 8, seed=1)
    exclude = (torch.arange(9).repeat(20), torch.arange(180))
    index = make_retriever(kind, items, settings=ALL[kind], scoring=Scoring(0.5))
    assert_same(index.top_k(interests, 5, exclude), brute_force(interests, items, 5, exclude, 0.5))


@pytest.mark.parametrize("kind", APPROXIMATE_KINDS)
def test_an_approximate_search_finds_most(brute_force: Any, kind: str) -> None:
    unit = torch.nn.functional.normalize
    interests, items = unit(vectors(20, 4, 16), dim=-1), unit(vectors(1501, 16, seed=1), dim=-1)
    index = make_retriever(kind, items, scoring=Scoring(0.1))
    found = index.top_k(interests, 20).ids
    expected = brute_force(interests, items, 20, None, 0.1).ids
    shared = (found[:, :, None] == expected[:, None]).any(dim=2).double().mean()
    assert shared >= 0.95


def test_scores_of_codes_are_refused() -> None:
    items = vectors(301, 8)
    with pytest.raises(SettingsError, match="leave rescore away"):
        make_retriever("sq8", items, settings={"rescore": False}, scoring=Scoring(0.1))
    index: Any = make_retriever("sq8", items, scoring=Scoring(0.1))
    with pytest.raises(SettingsError, match="leave rescore away"):
        index.with_search(rescore=False)


def test_ranks_agree_with_the_scores(all_scores: Any) -> None:
    interests, items = vectors(3, 4, 6).round(), vectors(90, 6, seed=1).round()
    positives = (torch.tensor([0, 1, 1, 2]), torch.tensor([5, 80, 3, 44]))
    scores = torch.from_numpy(all_scores(interests, items, None, 0.5))
    own = scores[positives][:, None]
    above, equal = (scores[positives[0]] > own).sum(1), (scores[positives[0]] == own).sum(1)
    found = average_ranks(interests, items, positives, block_size=7, scoring=Scoring(0.5))
    torch.testing.assert_close(found, above + (equal + 1) / 2, check_dtype=False)


@pytest.mark.parametrize("kind", ["torch", "faiss", "hnsw"])
def test_a_stored_index_is_searched_by_the_model_s_rule(tmp_path: Any, kind: str) -> None:
    interests, items = vectors(4, 3, 8), vectors(200, 8, seed=1)
    folder = RunFolder.create(tmp_path, "index")
    save_index(folder, make_retriever(kind, items))
    read = load_index(RunFolder.open(folder.path), items, scoring=Scoring(0.4))
    expected = make_retriever(kind, items, scoring=Scoring(0.4)).top_k(interests, 10)
    assert_same(read.top_k(interests, 10), expected)

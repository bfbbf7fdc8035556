"""Approximate searches promise true scores in the one order, no fills, and never the padding."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import faiss
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from torch import Tensor

from recbole_opal.errors import RetrievalError, SettingsError
from recbole_opal.retrieval import APPROXIMATE_KINDS, TopK, make_retriever, request
from recbole_opal.retrieval.approximate import ApproximateIndex

SMALL: dict[str, dict[str, Any]] = {
    "ivf-flat": {"nlist": 8, "nprobe": 2},
    "ivf-pq": {"nlist": 8, "nprobe": 2, "subvectors": 2, "bits": 4},
    "hnsw": {"links": 4, "ef_construction": 8, "ef_search": 8},
    "sq8": {},
}
ALL = {
    "ivf-flat": {"nprobe": 8},
    "ivf-pq": {"nprobe": 8, "refine": 8},
    "hnsw": {"ef_search": 300, "links": 16},
}


def vectors(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def check_contract(
    found: TopK, scores: Any, k: int, allowed: Tensor, *, true_scores: bool = True
) -> None:
    """`scores` are all (B, N), -inf at what is excluded; `allowed` are (N,) bool."""
    scores = torch.from_numpy(scores).masked_fill(~allowed, -torch.inf)
    assert found.ids.shape == found.scores.shape == (len(scores), k)
    real = found.ids > 0
    assert real.sum(dim=1).tolist() == (scores > -torch.inf).sum(dim=1).clamp(max=k).tolist()
    assert torch.equal(real, found.scores > -torch.inf)
    assert (scores.gather(1, found.ids)[real] > -torch.inf).all()
    for ids, values, row in zip(found.ids, found.scores, scores, strict=True):
        listed = ids[ids > 0]
        assert len(listed.unique()) == len(listed)
        told = values[: len(listed)]
        if true_scores:
            assert torch.equal(row[listed], told)
        order = sorted(zip((-told).tolist(), listed.tolist(), strict=True))
        assert [number for _, number in order] == listed.tolist()


@pytest.mark.parametrize("kind", APPROXIMATE_KINDS)
def test_a_search_of_everything_equals_brute_force(brute_force: Any, kind: str) -> None:
    interests, items = vectors(9, 3, 8), vectors(301, 8, seed=1)
    exclude = (torch.arange(9).repeat(20), torch.arange(180))
    index = ApproximateIndex(kind, items, settings=SMALL[kind] | ALL.get(kind, {"refine": 4}))
    expected = brute_force(interests, items, 10, exclude)
    found = index.top_k(interests, 10, exclude)
    assert torch.equal(found.ids, expected.ids)
    assert torch.equal(found.scores, expected.scores)


@settings(
    max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.data())
def test_property_contract(all_scores: Any, data: st.DataObject) -> None:
    draw, kind = data.draw, data.draw(st.sampled_from(APPROXIMATE_KINDS))
    rows, interests = draw(st.integers(0, 5)), draw(st.integers(1, 4))
    count, k = draw(st.integers(17, 200)), draw(st.integers(1, 250))
    seed = draw(st.integers(0, 2**20))
    generator = torch.Generator().manual_seed(seed)
    items = vectors(count, 4, seed=seed)
    if draw(st.booleans(), label="duplicates and ties"):
        items = items.round()
    excluded = draw(st.sampled_from([0, 30, 4 * rows * count]), label="excluded")
    excluded = excluded if rows else 0
    exclude = (
        torch.randint(0, max(rows, 1), (excluded,), generator=generator),
        torch.randint(0, count, (excluded,), generator=generator),
    )
    only = draw(st.sampled_from([None, 0.0, 0.1, 0.9]), label="only")
    allowed = torch.ones(count, dtype=torch.bool)
    if only is not None:
        allowed = torch.rand(count, generator=generator) < only
    queries = vectors(rows, interests, 4, seed=seed + 1)
    rescore = kind not in ("ivf-pq", "sq8") or draw(st.booleans(), label="rescore")
    chosen = SMALL[kind] | ({} if rescore else {"rescore": False})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(request, "_FEW_ALLOWED", draw(st.sampled_from([0, 10**6])))
        index = ApproximateIndex(kind, items, 64, chosen)
        found = index.top_k(queries, k, exclude, None if only is None else allowed)
    check_contract(found, all_scores(queries, items, exclude), k, allowed, true_scores=rescore)


@pytest.mark.parametrize("kind", APPROXIMATE_KINDS)
def test_all_items_but_few_excluded(brute_force: Any, kind: str) -> None:
    items, interests = vectors(200, 4), vectors(3, 2, 4, seed=2)
    exclude = (torch.arange(3).repeat_interleave(195), torch.arange(1, 196).repeat(3))
    found = ApproximateIndex(kind, items, settings=SMALL[kind]).top_k(interests, 10, exclude)
    assert torch.equal(found.ids, brute_force(interests, items, 10, exclude).ids)
    assert (found.ids > 0).sum(dim=1).tolist() == [4, 4, 4]


def test_lists_that_few_probes_cannot_fill_are_searched_exactly(brute_force: Any) -> None:
    items, interests = vectors(2000, 8), vectors(4, 2, 8, seed=3)
    index = ApproximateIndex("ivf-flat", items, settings={"nlist": 200, "nprobe": 1})
    found = index.top_k(interests, 300)
    assert torch.equal(found.ids, brute_force(interests, items, 300).ids)


def test_a_list_of_excluded_items_is_searched_deeper(monkeypatch: pytest.MonkeyPatch) -> None:
    """Copies fill the list of each interest with one item's neighbours, excluded ones first."""
    depths = []
    lists = ApproximateIndex._lists

    def spy(self: ApproximateIndex, search: Any, rows: Tensor, depth: int) -> Any:
        depths.append(depth)
        return lists(self, search, rows, depth)

    monkeypatch.setattr(ApproximateIndex, "_lists", spy)
    monkeypatch.setattr(request.Search, "depths", lambda self, refine: torch.tensor([4]))
    items = vectors(500, 4)
    index = ApproximateIndex("sq8", items)
    best = index.top_k(vectors(1, 1, 4, seed=4), 20).ids
    depths.clear()
    index.top_k(vectors(1, 1, 4, seed=4), 5, (torch.zeros(20).long(), best[0]))
    assert depths == [4, 8, 16, 32]


@pytest.mark.parametrize("kind", APPROXIMATE_KINDS)
def test_another_search_of_the_same_index(kind: str) -> None:
    index = ApproximateIndex(kind, vectors(300, 8), settings=SMALL[kind])
    view = index.with_search(refine=5)
    assert view.index is index.index
    assert (view.settings.refine, index.settings.refine) == (5, index.settings.refine)
    fixed = {"hnsw": "links", "sq8": None}.get(kind, "seed")
    if fixed is not None:
        with pytest.raises(SettingsError, match=f"{fixed} needs another index"):
            index.with_search(**{fixed: 8})
    with pytest.raises(SettingsError, match=f"what is no setting of {kind}"):
        index.with_search(what=1)
    with pytest.raises(SettingsError, match="refine=0 is not valid"):
        index.with_search(refine=0)


def test_more_probes_find_more(brute_force: Any) -> None:
    items, interests = vectors(3000, 8), vectors(50, 2, 8, seed=5)
    index = ApproximateIndex("ivf-flat", items, settings={"nlist": 100, "nprobe": 1})
    truth = brute_force(interests, items, 10).ids
    recalls = []
    for nprobe in (2, 10, 100):
        found = index.with_search(nprobe=nprobe).top_k(interests, 10).ids
        recalls.append(
            torch.isin(
                found + torch.arange(50)[:, None] * 3000, truth + torch.arange(50)[:, None] * 3000
            )
            .float()
            .mean()
            .item()
        )
    assert recalls == sorted(recalls)
    assert recalls[0] < recalls[1]
    assert recalls[2] == 1


@pytest.mark.parametrize("kind", APPROXIMATE_KINDS)
def test_items_of_different_lengths(brute_force: Any, kind: str) -> None:
    """The largest inner product is not the nearest item; lists around centroids allow for it."""
    items = vectors(400, 8) * torch.linspace(0.2, 3, 400)[:, None]
    interests = vectors(6, 2, 8, seed=6)
    more: dict[str, Any] = ALL.get(kind, {"refine": 4})
    if kind == "hnsw":
        more = {"ef_search": 400, "links": 32}
    if kind == "ivf-pq":
        more = {"nprobe": 8, "refine": 10, "subvectors": 8, "bits": 8}
    index = ApproximateIndex(kind, items, settings=SMALL[kind] | more)
    found = index.top_k(interests, 10)
    assert torch.equal(found.ids, brute_force(interests, items, 10).ids)
    euclidean = kind.startswith("ivf")
    assert (index.index.metric_type == faiss.METRIC_L2) == euclidean


@pytest.mark.parametrize(("kind", "error"), [("sq8", 0.02), ("ivf-pq", 0.2)])
def test_scores_of_codes_are_near_the_true_ones(kind: str, error: float) -> None:
    items = vectors(400, 8) * torch.linspace(0.5, 1, 400)[:, None]
    interests = vectors(40, 4, 8, seed=7)
    chosen: dict[str, Any] = {"rescore": False, "refine": 1}
    if kind == "ivf-pq":
        chosen |= {"nlist": 2, "nprobe": 2, "subvectors": 8}
    found = ApproximateIndex(kind, items, settings=chosen).top_k(interests, 100)
    true = torch.einsum("bkd,bcd->bkc", interests, items[found.ids]).amax(dim=1)
    assert not torch.equal(found.scores, true)
    assert (found.scores - true).abs().mean() < error * true.mean()


@pytest.mark.parametrize("kind", APPROXIMATE_KINDS)
def test_one_seed_and_one_thread_give_one_index(kind: str) -> None:
    threads = faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(1)
    try:
        built = [ApproximateIndex(kind, vectors(500, 8)).index for _ in range(2)]
    finally:
        faiss.omp_set_num_threads(threads)
    first, second = (faiss.serialize_index(index).tobytes() for index in built)
    assert first == second


@pytest.mark.parametrize("count", [2, 3, 10, 30, 300])
@pytest.mark.parametrize("kind", APPROXIMATE_KINDS)
def test_small_catalogues(brute_force: Any, kind: str, count: int) -> None:
    items, interests = vectors(count, 3), vectors(3, 2, 3, seed=8)
    if kind == "ivf-pq" and count <= 16:
        with pytest.raises(RetrievalError, match="need 16 items"):
            make_retriever(kind, items)
        return
    found = make_retriever(kind, items).top_k(interests, 9)
    assert (found.ids > 0).sum(dim=1).tolist() == [min(9, count - 1)] * 3


def test_a_table_without_items_and_more_lists_than_items_are_refused() -> None:
    for kind in APPROXIMATE_KINDS:
        with pytest.raises(RetrievalError, match="there is no item"):
            make_retriever(kind, vectors(1, 4))
    with pytest.raises(RetrievalError, match="nlist=50 is more than the 19 items"):
        make_retriever("ivf-flat", vectors(20, 4), settings={"nlist": 50})
    with pytest.raises(RetrievalError, match="subvectors=5 is more than the items' width 4"):
        make_retriever("ivf-pq", vectors(100, 4), settings={"subvectors": 5})


def test_half_precision_and_double_items() -> None:
    interests, items = vectors(3, 2, 8), vectors(100, 8, seed=1)
    for dtype in (torch.float16, torch.float64):
        index = make_retriever("ivf-flat", items.to(dtype), settings=SMALL["ivf-flat"])
        assert (index.top_k(interests, 5).ids > 0).all()


@pytest.mark.parametrize("kind", APPROXIMATE_KINDS)
def test_bad_arguments_are_named(kind: str) -> None:
    index = make_retriever(kind, vectors(100, 4), settings=SMALL[kind])
    with pytest.raises(RetrievalError, match="k=0"):
        index.top_k(vectors(1, 1, 4), 0)
    with pytest.raises(RetrievalError, match="width 4"):
        index.top_k(vectors(1, 1, 5), 3)
    with pytest.raises(RetrievalError, match="NaN"):
        index.top_k(torch.full((1, 1, 4), torch.nan), 3)
    with pytest.raises(RetrievalError, match="pass 100 truth values"):
        index.top_k(vectors(1, 1, 4), 3, only=torch.ones(99, dtype=torch.bool))
    with pytest.raises(RetrievalError, match="is exact"):
        ApproximateIndex("torch", vectors(100, 4))


def test_bytes_an_item() -> None:
    items = torch.nn.functional.normalize(vectors(4001, 16), dim=1)
    sizes = {
        kind: make_retriever(kind, items, settings=own).bytes_per_item()
        for kind, own in SMALL.items()
    }
    assert 72 < sizes["ivf-flat"] < 75  # 64 of the vector, 8 of the id, centroids
    assert 9 < sizes["ivf-pq"] < 12  # one of the codes, 8 of the id
    assert 100 < sizes["hnsw"] < 120  # 64 of the vector, 8 links of 4 at the bottom, levels
    assert 16 < sizes["sq8"] < 17
    assert make_retriever("torch", items).bytes_per_item() == 64
    assert make_retriever("faiss", items).bytes_per_item() == 64


@pytest.mark.parametrize("kind", APPROXIMATE_KINDS)
def test_threads_share_an_index_and_its_views(kind: str) -> None:
    index = ApproximateIndex(kind, vectors(2000, 8), settings=SMALL[kind])
    views = [index, index.with_search(refine=9)]
    queries, only = vectors(40, 2, 8, seed=9), torch.arange(2000) % 4 > 0
    expected = [view.top_k(queries, 10, only=only).ids for view in views]
    with ThreadPoolExecutor(4) as pool:
        found = pool.map(lambda turn: views[turn % 2].top_k(queries, 10, only=only).ids, range(24))
    for turn, ids in enumerate(found):
        assert torch.equal(ids, expected[turn % 2])

import pytest
import torch

from recbole_opal.errors import RetrievalError
from recbole_opal.index_report.measuring import measure_exact, measure_kind, recall, using_threads
from recbole_opal.index_report.settings_swept import SWEPT_KINDS, settings_swept
from recbole_opal.retrieval import Scoring, exact_top_k


def test_recall_equals_a_loop_and_counts_no_fills():
    exact = torch.tensor([[1, 2, 3], [4, 5, 0], [0, 0, 0]])
    found = torch.tensor([[3, 9, 1], [5, 0, 0], [0, 0, 0]])
    expected = [len({*map(int, a)} & {*map(int, b)} - {0}) / max(sum(map(bool, b.tolist())), 1)
                for a, b in zip(found, exact, strict=True)]  # fmt: skip
    assert recall(found, exact) == pytest.approx(sum(expected) / 3)
    assert recall(exact[:2], exact[:2]) == 1.0


def test_every_kind_is_swept_until_it_finds_everything(clustered):
    items, queries = clustered
    exact, lists = measure_exact(items, queries, 10, 16)
    assert exact.bytes_per_item == 64
    assert exact.milliseconds > 0
    assert lists.shape == (40, 10)
    rows, ids = queries.seen
    assert not (lists[rows] == ids[:, None]).any()
    for kind in SWEPT_KINDS:
        found = list(measure_kind(kind, items, queries, lists, 16))
        assert {each.kind for each in found} == {kind}
        assert found[-1].recall > 0.95
        assert all(each.recall < 0.9995 for each in found[:-1])
        assert all(each.milliseconds > 0 for each in found)
        assert found[0].bytes_per_item > 0
    coded = next(measure_kind("ivf-pq", items, queries, lists, 16))
    plain = next(measure_kind("ivf-flat", items, queries, lists, 16))
    assert coded.bytes_per_item < plain.bytes_per_item


def test_a_soft_maximum_is_compared_with_its_own_exact_list(clustered):
    items, queries = clustered
    soft = Scoring(0.2)
    _, lists = measure_exact(items, queries, 10, 16, soft)
    assert lists.equal(
        exact_top_k(queries.interests, items, 10, exclude=queries.seen, scoring=soft).ids
    )
    assert not lists.equal(measure_exact(items, queries, 10, 16)[1])
    for kind in SWEPT_KINDS:
        assert list(measure_kind(kind, items, queries, lists, 16, soft))[-1].recall > 0.95


def test_users_of_a_batch_are_all_users_whatever_its_size(clustered):
    _, queries = clustered
    for size in (1, 7, 40, 100):
        parts = queries.batches(size)
        assert torch.equal(torch.cat([asked for asked, _ in parts]), queries.interests)
        pairs = [(row + size * number, item) for number, (_, (rows, ids)) in enumerate(parts)
                 for row, item in zip(rows.tolist(), ids.tolist(), strict=True)]  # fmt: skip
        assert pairs == list(zip(*(each.tolist() for each in queries.seen), strict=True))


def test_no_more_lists_are_probed_than_there_are():
    assert [each["nprobe"] for each in settings_swept("ivf-flat", 5)] == [1, 2, 4, 5]
    assert settings_swept("ivf-flat", 1000)[-1] == {"nprobe": 256}
    assert settings_swept("ivf-pq", 4)[-1] == {"nprobe": 4, "refine": 16}
    assert settings_swept("faiss") == [{}]


def test_threads_are_given_back(clustered):
    import faiss

    before = torch.get_num_threads(), faiss.omp_get_max_threads()
    with using_threads(2, ["hnsw"]):
        assert (torch.get_num_threads(), faiss.omp_get_max_threads()) == (2, 2)
    assert (torch.get_num_threads(), faiss.omp_get_max_threads()) == before


def test_too_few_items_for_a_kind_are_told(clustered):
    items, queries = clustered
    with pytest.raises(RetrievalError, match="does not fit"):
        list(measure_kind("ivf-pq", items[:9], queries, torch.ones(40, 3).long(), 16))

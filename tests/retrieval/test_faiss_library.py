"""Faiss missing, and Faiss on a GPU, for which a stand-in moves the index nowhere."""

import sys
from typing import Any

import faiss
import pytest
import torch

from recbole_opal.errors import RetrievalError
from recbole_opal.retrieval import APPROXIMATE_KINDS, ApproximateIndex, faiss_library, request
from recbole_opal.retrieval.faiss_library import import_faiss, on_gpu

CUDA = torch.device("cuda", 1)


class FakeFaiss:
    """One GPU; an index moved to it is a wrapper that counts its searches."""

    def __init__(self, gpus: int) -> None:
        self.gpus, self.moved = gpus, []

    def get_num_gpus(self) -> int:
        return self.gpus

    def StandardGpuResources(self) -> str:  # noqa: N802
        return "resources"

    def index_cpu_to_gpu(self, resources: str, number: int, index: Any) -> Any:
        self.moved.append((resources, number, index))
        return ("on the GPU", index)


@pytest.mark.parametrize("kind", APPROXIMATE_KINDS)
def test_without_faiss_the_fix_is_named(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "faiss", None)
    with pytest.raises(RetrievalError, match=f"--retrieval={kind} needs Faiss.*pip install"):
        ApproximateIndex(kind, torch.randn(100, 4))


def test_an_index_moves_only_where_items_and_faiss_are_on_a_gpu(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for gpus, device, expected in ((0, CUDA, None), (1, torch.device("cpu"), None), (1, CUDA, 1)):
        fake = FakeFaiss(gpus)
        monkeypatch.setattr(faiss_library, "import_faiss", lambda kind, fake=fake: fake)
        found = on_gpu("index", device)
        assert found == (None if expected is None else ("on the GPU", "index"))
        assert fake.moved == ([] if expected is None else [("resources", 1, "index")])


def test_lists_come_from_the_gpu_but_for_filters_and_deep_lists(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    items = torch.randn(9000, 8, generator=torch.Generator().manual_seed(0))
    index = ApproximateIndex("ivf-flat", items, settings={"nlist": 8, "nprobe": 8})
    depths = []

    class Moved:
        def search(self, asked: Any, depth: int, params: Any) -> Any:
            depths.append(depth)
            return index.index.search(asked, depth, params=params)

    index._moved = Moved()
    monkeypatch.setattr(request, "_FEW_ALLOWED", 0)
    queries = torch.randn(3, 2, 8)
    index.top_k(queries, 10)
    index.top_k(queries, 10, only=torch.ones(9000, dtype=torch.bool))  # Faiss filters on the CPU
    index.top_k(queries, 3000)  # deeper than a GPU gives
    assert depths == [16]


def test_the_module_is_faiss() -> None:
    assert import_faiss("faiss") is faiss

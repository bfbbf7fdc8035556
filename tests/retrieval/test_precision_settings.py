"""Whatever precision torch is told to multiply with, the search works and stays exact."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch

from recbole_opal.retrieval import EXACT_KINDS, average_ranks, make_retriever
from recbole_opal.retrieval.scores import ItemVectors, block_scores

BACKEND = torch.backends
OLD = not hasattr(BACKEND, "fp32_precision")

Setter = Callable[[], Any]


def _put(module: Any, name: str, value: Any) -> Setter:
    return lambda: setattr(module, name, value)


SETTINGS: dict[str, list[Setter]] = {
    "highest": [lambda: torch.set_float32_matmul_precision("highest")],
    "high": [lambda: torch.set_float32_matmul_precision("high")],
    "medium": [lambda: torch.set_float32_matmul_precision("medium")],
    "allow_tf32": [_put(BACKEND.cuda.matmul, "allow_tf32", True)],
    "cudnn_allow_tf32": [_put(BACKEND.cudnn, "allow_tf32", True)],
}
if not OLD:
    for value in ("ieee", "tf32", "bf16"):
        SETTINGS[f"all-{value}"] = [_put(BACKEND, "fp32_precision", value)]
        SETTINGS[f"mkldnn-{value}"] = [_put(BACKEND.mkldnn, "fp32_precision", value)]
        SETTINGS[f"mkldnn-matmul-{value}"] = [_put(BACKEND.mkldnn.matmul, "fp32_precision", value)]
    for value in ("ieee", "tf32"):
        SETTINGS[f"cuda-matmul-{value}"] = [_put(BACKEND.cuda.matmul, "fp32_precision", value)]
        SETTINGS[f"cudnn-{value}"] = [_put(BACKEND.cudnn, "fp32_precision", value)]
        SETTINGS[f"cudnn-conv-{value}"] = [_put(BACKEND.cudnn.conv, "fp32_precision", value)]
    SETTINGS["old-then-new"] = SETTINGS["medium"] + SETTINGS["cuda-matmul-ieee"]
    SETTINGS["new-then-old"] = SETTINGS["mkldnn-matmul-bf16"] + SETTINGS["high"]


@pytest.fixture(autouse=True)
def _usual_settings() -> Iterator[None]:
    before = BACKEND.cudnn.allow_tf32
    yield
    torch.set_float32_matmul_precision("highest")
    if not OLD:
        places = (BACKEND.mkldnn, BACKEND.cudnn, BACKEND.mkldnn, BACKEND.cuda, BACKEND.cudnn)
        parts = [getattr(place, "matmul", None) for place in places]
        conv = [BACKEND.cudnn.conv, BACKEND.cudnn.rnn, BACKEND.mkldnn.conv, BACKEND.mkldnn.rnn]
        for place in (BACKEND, BACKEND.mkldnn, BACKEND.cudnn, *filter(None, parts), *conv):
            place.fp32_precision = "none"
    BACKEND.cudnn.allow_tf32 = before
    assert torch.get_float32_matmul_precision() == "highest"


def _near_ties(count: int, width: int) -> torch.Tensor:
    """Return vectors that differ by less than bfloat16 tells apart."""
    generator = torch.Generator().manual_seed(3)
    centre = torch.randn(1, width, generator=generator)
    return centre + 1e-3 * torch.randn(count, width, generator=generator)


@pytest.mark.parametrize("backend", EXACT_KINDS)
@pytest.mark.parametrize("name", SETTINGS)
def test_the_lists_are_exact(brute_force: Any, backend: str, name: str) -> None:
    for setter in SETTINGS[name]:
        setter()
    interests, items = _near_ties(40, 64).view(20, 2, 64), _near_ties(900, 64)
    found = make_retriever(backend, items, 256).top_k(interests, 10)
    expected = brute_force(interests, items, 10)
    assert torch.equal(found.ids, expected.ids)
    assert torch.equal(found.scores, expected.scores)


@pytest.mark.parametrize("name", SETTINGS)
def test_the_bound_holds(name: str) -> None:
    for setter in SETTINGS[name]:
        setter()
    interests, items = _near_ties(256, 64).unsqueeze(1), _near_ties(512, 64)
    fast = interests[:, 0] @ items.T
    off = (fast.double() - block_scores(interests, items).double()).abs().amax(dim=1)
    assert bool((off <= ItemVectors.of(items).error_bound(interests)).all())


@pytest.mark.parametrize("mixed", [torch.bfloat16, torch.float16])
def test_autocast_around_a_search_changes_nothing(brute_force: Any, mixed: torch.dtype) -> None:
    interests, items = _near_ties(40, 64).view(20, 2, 64), _near_ties(900, 64)
    positives = (torch.arange(20), torch.arange(1, 21))
    ranks = average_ranks(interests, items, positives)
    with torch.autocast("cpu", mixed):
        found = make_retriever("torch", items, 256).top_k(interests, 10)
        assert torch.equal(average_ranks(interests, items, positives), ranks)
    expected = brute_force(interests, items, 10)
    assert torch.equal(found.ids, expected.ids)
    assert torch.equal(found.scores, expected.scores)


@pytest.mark.parametrize("backend", EXACT_KINDS)
def test_another_default_dtype_changes_nothing(backend: str) -> None:
    generator = torch.Generator().manual_seed(0)
    items = torch.randn(50, 8, generator=generator)
    interests = torch.randn(4, 2, 8, generator=generator)
    expected = make_retriever(backend, items, 16).top_k(interests, 5)
    usual = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    try:
        found = make_retriever(backend, items, 16).top_k(interests, 5)
    finally:
        torch.set_default_dtype(usual)
    assert torch.equal(found.ids, expected.ids)
    assert torch.equal(found.scores, expected.scores)

"""The chunked GRU equals torch's, forwards and backwards, and takes over where it may."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.nn.utils.rnn import PackedSequence

from recbole_opal.interests import packed_gru, subsequences
from recbole_opal.interests.history import History, Repeats
from recbole_opal.interests.packed_gru import last_states
from recbole_opal.interests.subsequences import SubsequenceGRU


def make_case(seed, sizes, width=4, dtype=torch.float64):
    torch.manual_seed(seed)
    gru = nn.GRU(width, width, bias=False).to(dtype)
    items = torch.randn(sum(sizes), width, dtype=dtype, requires_grad=True)
    return gru, (items, gru.weight_ih_l0, gru.weight_hh_l0)


@settings(max_examples=40, deadline=None)
@given(
    st.integers(0, 10_000),
    st.lists(st.integers(1, 9), min_size=1, max_size=6),
    st.integers(1, 4),
)
def test_equals_torch_s_in_chunks_of_any_size(seed, sizes, chunk):
    sizes = sorted(sizes, reverse=True)
    gru, leaves = make_case(seed, sizes)
    expected = gru(PackedSequence(leaves[0], torch.tensor(sizes)))[1][0]
    scale = torch.randn_like(expected)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(packed_gru, "_CHUNK", chunk)
        found = last_states(*leaves, sizes)
        ours = torch.autograd.grad((found * scale).sum(), leaves)
    torch.testing.assert_close(found, expected)
    torch.testing.assert_close(ours, torch.autograd.grad((expected * scale).sum(), leaves))


@settings(max_examples=20, deadline=None)
@given(
    st.integers(0, 10_000),
    st.lists(st.integers(1, 9), min_size=1, max_size=6),
    st.integers(1, 4),
    st.integers(1, 7),
)
def test_vectors_that_are_met_often_equal_as_many_of_their_own(seed, sizes, chunk, distinct):
    """Also where some of them are met nowhere: their gradient is zero."""
    sizes = sorted(sizes, reverse=True)
    _, (items, *weights) = make_case(seed, sizes)
    vectors = items.detach()[:distinct].clone().requires_grad_()
    places = torch.randint(len(vectors), (sum(sizes),))
    leaves = [vectors, *weights]
    expected = last_states(vectors[places], *weights, sizes)
    scale = torch.randn_like(expected)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(packed_gru, "_CHUNK", chunk)
        found = last_states(vectors, *weights, sizes, places)
        ours = torch.autograd.grad((found * scale).sum(), leaves)
    torch.testing.assert_close(found, expected)
    torch.testing.assert_close(ours, torch.autograd.grad((expected * scale).sum(), leaves))


def test_gradient_of_vectors_that_are_met_often():
    _, (items, *weights) = make_case(0, [3, 2, 2, 1], width=3)
    vectors = items.detach()[:3].clone().requires_grad_()
    places = torch.tensor([2, 0, 0, 2, 2, 0, 2, 0])

    def states(*given):
        return last_states(*given, [3, 2, 2, 1], places)

    assert torch.autograd.gradcheck(states, (vectors, *weights))


def test_gradient_in_float64():
    _, leaves = make_case(0, [3, 2, 2, 1], width=3)
    assert torch.autograd.gradcheck(lambda *given: last_states(*given, [3, 2, 2, 1]), leaves)


def test_float32_differs_in_the_last_digits_only():
    sizes = [900, 600, 300, 40, 3]
    gru, leaves = make_case(1, sizes, width=16, dtype=torch.float32)
    expected = gru(PackedSequence(leaves[0], torch.tensor(sizes)))[1][0]
    found = last_states(*leaves, sizes)
    torch.testing.assert_close(found, expected, rtol=1e-5, atol=1e-6)
    ours, theirs = (torch.autograd.grad(value.sum(), leaves) for value in (found, expected))
    torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("mixed", [False, True])
def test_torch_s_own_runs_under_mixed_precision(monkeypatch, mixed):
    """And searches for no items that are met twice, for which a GPU would be waited for."""
    called = []

    def told(*arguments):
        called.append(True)
        return last_states(*arguments)

    monkeypatch.setattr(subsequences, "last_states", told)
    module = SubsequenceGRU(3)
    ids = torch.tensor([1, 2, 1, 1, 2])
    vectors = torch.randn(3, 3)[ids]
    history = History(vectors, torch.tensor([2, 3]), repeats=Repeats(ids, vectors))
    with torch.autocast("cpu", torch.bfloat16, enabled=mixed):
        states = module(history, torch.tensor([0, 1, 0, 0, 1]), 2)
    assert called == ([] if mixed else [True])
    assert ("distinct" in vars(history)) is not mixed
    assert states.shape == (2, 2, 3)
    assert states.isfinite().all()

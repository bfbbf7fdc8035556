"""Histories end to end: sums by row and padding equal a naive loop."""

from dataclasses import replace

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from recbole_opal.interests.history import History, Repeats


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000), st.lists(st.integers(0, 4), min_size=1, max_size=6))
def test_sums_and_padding_equal_a_loop(seed, lengths):
    generator = torch.Generator().manual_seed(seed)
    parts = [torch.randn(length, 3, generator=generator) for length in lengths]
    history = History(torch.cat(parts), torch.as_tensor(lengths))
    sums = history.sum_by_row(history.vectors)
    padded, mask = history.padded()
    assert padded.shape == (len(lengths), max(lengths), 3)
    for row, part in enumerate(parts):
        torch.testing.assert_close(sums[row], part.sum(dim=0))
        assert mask[row].sum() == len(part)
        assert padded[row, : len(part)].equal(part)
        assert padded[row, len(part) :].eq(0).all()


def test_gradients_pass_through_padding():
    vectors = torch.randn(3, 2, dtype=torch.float64, requires_grad=True)
    lengths = torch.tensor([2, 0, 1])
    assert torch.autograd.gradcheck(lambda x: History(x, lengths).padded()[0], (vectors,))


def test_vectors_are_told_apart_by_ids():
    ids = torch.tensor([7, 3, 7, 7])
    vectors = torch.randn(8, 2)[ids]
    history = History(vectors, torch.tensor([3, 1]), repeats=Repeats(ids, vectors))
    assert history.distinct is not None
    rows, places = history.distinct
    assert rows.shape == (2, 2)
    assert rows[places].equal(vectors)
    assert replace(history, vectors=vectors + torch.arange(4).unsqueeze(1)).distinct is None


def test_where_most_differ_none_is_searched_for():
    vectors, lengths = torch.randn(4, 2), torch.tensor([4])
    assert History(vectors, lengths).distinct is None
    repeats = Repeats(torch.tensor([1, 2, 3, 4]), vectors)
    assert History(vectors, lengths, repeats=repeats).distinct is None

"""Weighted sums by bags equal the plain formula, forwards and backwards."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from recbole_opal.interests.weighted_sums import sum_weighted


def make_case(seed, lengths, number, dtype=torch.float64):
    torch.manual_seed(seed)
    lengths = torch.tensor(lengths)
    rows = torch.arange(len(lengths)).repeat_interleave(lengths)
    vectors = torch.randn(len(rows), 5, dtype=dtype, requires_grad=True)
    weights = torch.rand(len(rows), number, dtype=dtype, requires_grad=True)
    return vectors, weights, rows, lengths


def plainly(vectors, weights, rows, lengths):
    members = (rows == torch.arange(len(lengths)).unsqueeze(1)).to(vectors.dtype)  # (B, T)
    return torch.einsum("bt,tk,td->bkd", members, weights, vectors)


@settings(max_examples=40, deadline=None)
@given(
    st.integers(0, 10_000), st.lists(st.integers(0, 6), min_size=1, max_size=6), st.integers(1, 5)
)
def test_equals_the_plain_formula(seed, lengths, number):
    case = make_case(seed, lengths, number)
    found, expected = sum_weighted(*case), plainly(*case)
    torch.testing.assert_close(found, expected)
    scale = torch.randn_like(expected)
    ours, theirs = (torch.autograd.grad((v * scale).sum(), case[:2]) for v in (found, expected))
    torch.testing.assert_close(ours, theirs)


@pytest.mark.parametrize("number", [1, 3])
def test_gradient_in_float64(number):
    vectors, weights, *where = make_case(0, [2, 0, 3, 0], number)
    assert torch.autograd.gradcheck(lambda x, w: sum_weighted(x, w, *where), (vectors, weights))


def test_rows_without_items_are_zero():
    assert sum_weighted(*make_case(0, [0, 0], 2)).eq(0).all()
    sums = sum_weighted(*make_case(0, [0, 2, 0], 2))
    assert sums[[0, 2]].eq(0).all()
    assert sums[1].ne(0).all()


def test_no_tensor_of_items_times_weights_is_made():
    vectors, weights, *where = make_case(0, [6, 7], 4)
    shapes = []

    class Shapes(torch.utils._python_dispatch.TorchDispatchMode):
        def __torch_dispatch__(self, function, types, arguments=(), options=None):
            made = function(*arguments, **(options or {}))
            shapes.extend(
                x.numel() for x in torch.utils._pytree.tree_leaves(made) if torch.is_tensor(x)
            )
            return made

    with Shapes():
        sum_weighted(vectors, weights, *where).sum().backward()
    assert shapes
    assert max(shapes) == 13 * 5  # the vectors themselves


def test_the_wider_of_two_dtypes_is_computed_in():
    vectors, weights, *where = make_case(0, [2, 3], 2, torch.float32)
    sums = sum_weighted(vectors.bfloat16(), weights, *where)
    assert sums.dtype == torch.float32
    torch.testing.assert_close(sums, plainly(vectors.bfloat16().float(), weights, *where))

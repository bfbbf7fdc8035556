"""Best inner products: values and gradients equal the direct computation."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from recbole_opal.losses.matching import best_inner_products


def directly(interests, candidates):
    return torch.einsum("bkd,md->bkm", interests, candidates).amax(dim=1)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 4), st.integers(1, 6), st.integers(1, 9))
def test_equals_the_direct_computation(seed, batch, interests, candidates):
    torch.manual_seed(seed)
    u = torch.randn(batch, interests, 3, dtype=torch.float64, requires_grad=True)
    x = torch.randn(candidates, 3, dtype=torch.float64, requires_grad=True)
    weights = torch.randn(batch, candidates, dtype=torch.float64)
    actual, expected = best_inner_products(u, x), directly(u, x)
    torch.testing.assert_close(actual, expected)
    for ours, theirs in zip(
        torch.autograd.grad((actual * weights).sum(), (u, x)),
        torch.autograd.grad((expected * weights).sum(), (u, x)),
        strict=True,
    ):
        torch.testing.assert_close(ours, theirs)


@pytest.mark.parametrize("interests", [1, 3])
def test_gradient_in_float64(interests):
    torch.manual_seed(0)
    u = torch.randn(2, interests, 3, dtype=torch.float64, requires_grad=True)
    x = torch.randn(4, 3, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(best_inner_products, (u, x), atol=1e-6)


def test_among_equals_the_first_interest_gets_the_gradient():
    u = torch.ones(1, 2, 2, requires_grad=True)
    best_inner_products(u, torch.ones(1, 2)).sum().backward()
    assert u.grad[0, 0].tolist() == [1, 1]
    assert u.grad[0, 1].tolist() == [0, 0]

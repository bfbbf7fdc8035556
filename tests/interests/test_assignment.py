"""Assignment of items to hyper-categories: hand numbers and naive loops."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional

from recbole_opal.interests.assignment import assign_softly


def random_case(seed, items, interests, width=4):
    generator = torch.Generator().manual_seed(seed)
    vectors = torch.randn(items, width, generator=generator, dtype=torch.float64)
    categories = torch.randn(interests, width, generator=generator, dtype=torch.float64)
    return functional.normalize(vectors, dim=-1), functional.normalize(categories, dim=-1)


def test_two_categories_by_hand():
    # Cosines 1 and 0 at temperature 0.5: softmax of (2, 0).
    strong = math.exp(2) / (math.exp(2) + 1)
    expected = torch.tensor([[strong, 1 - strong], [1 - strong, strong]])
    torch.testing.assert_close(assign_softly(torch.eye(2), torch.eye(2), 0.5), expected)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 6), st.integers(1, 5))
def test_equals_a_naive_loop(seed, items, interests):
    vectors, categories = random_case(seed, items, interests)
    actual = assign_softly(vectors, categories, 0.1)
    for item in range(items):
        weights = [math.exp(float(vectors[item] @ category) / 0.1) for category in categories]
        for number, weight in enumerate(weights):
            assert float(actual[item, number]) == pytest.approx(weight / sum(weights))


def test_gradient_in_float64():
    vectors, categories = random_case(3, 3, 2, width=3)
    vectors.requires_grad_()
    categories.requires_grad_()
    assert torch.autograd.gradcheck(
        lambda x, o: assign_softly(x, o, 0.5), (vectors, categories), atol=1e-6
    )

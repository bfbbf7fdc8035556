"""Assignment of items to hyper-categories: hand numbers, naive loops, padding."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional

from recbole_opal.interests.assignment import assign_softly, hard_categories, keep_hardest


def random_case(seed: int, batch: int, length: int, interests: int, width: int):
    generator = torch.Generator().manual_seed(seed)
    vectors = functional.normalize(
        torch.randn(batch, length, width, generator=generator, dtype=torch.float64), dim=-1
    )
    categories = functional.normalize(
        torch.randn(interests, width, generator=generator, dtype=torch.float64), dim=-1
    )
    lengths = torch.randint(1, length + 1, (batch,), generator=generator)
    mask = torch.arange(length) < lengths.unsqueeze(1)
    return vectors * mask.unsqueeze(-1), categories, mask


def test_two_categories_by_hand():
    # Cosines 1 and 0 at temperature 0.5: softmax of (2, 0).
    vectors = torch.tensor([[[1.0, 0.0], [0.0, 1.0], [0.0, 0.0]]])
    categories = torch.eye(2)
    mask = torch.tensor([[True, True, False]])
    strong = math.exp(2) / (math.exp(2) + 1)
    expected = torch.tensor([[[strong, 1 - strong], [1 - strong, strong], [0.0, 0.0]]])
    torch.testing.assert_close(assign_softly(vectors, categories, mask, 0.5), expected)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 4), st.integers(1, 6), st.integers(1, 5))
def test_equals_a_naive_loop(seed, batch, length, interests):
    vectors, categories, mask = random_case(seed, batch, length, interests, 4)
    actual = assign_softly(vectors, categories, mask, 0.1)
    for row in range(batch):
        for step in range(length):
            if not mask[row, step]:
                assert actual[row, step].eq(0).all()
                continue
            weights = [math.exp(float(vectors[row, step] @ o) / 0.1) for o in categories]
            for number, weight in enumerate(weights):
                assert float(actual[row, step, number]) == pytest.approx(weight / sum(weights))


def test_hard_keeps_one_category_an_item_and_its_value():
    vectors, categories, mask = random_case(1, 3, 5, 4, 6)
    assignment = assign_softly(vectors, categories, mask, 0.1)
    kept = keep_hardest(assignment)
    assert (kept > 0).sum(dim=-1).eq(mask.long()).all()
    torch.testing.assert_close(kept.amax(-1), assignment.amax(-1))
    torch.testing.assert_close(
        kept.argmax(-1)[mask], hard_categories(assignment)[mask], rtol=0, atol=0
    )


def test_gradient_in_float64():
    vectors, categories, mask = random_case(3, 2, 3, 2, 3)
    vectors.requires_grad_()
    categories.requires_grad_()
    assert torch.autograd.gradcheck(
        lambda x, o: assign_softly(x, o, mask, 0.5), (vectors, categories), atol=1e-6
    )

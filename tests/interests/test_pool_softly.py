"""Pooled interests keep unit length whatever is left of a category at a low temperature."""

import pytest
import torch
from torch.nn import functional

from recbole_opal.interests.assignment import assign_softly, pool_softly
from recbole_opal.interests.history import History


def make_case(dtype=torch.float32):
    generator = torch.Generator().manual_seed(0)
    vectors, categories = (
        functional.normalize(torch.randn(count, 8, generator=generator, dtype=torch.float64), dim=1)
        for count in (9, 4)
    )
    rows = torch.tensor([0, 1, 1, 1, 2, 2, 2, 2, 2])
    return History(vectors.to(dtype), torch.bincount(rows, minlength=3)), categories.to(dtype)


@pytest.mark.parametrize("temperature", [1e-6, 0.005, 0.01, 0.02, 0.03, 0.05, 0.1, 10.0])
def test_every_interest_has_unit_length(temperature):
    history, categories = make_case()
    vectors = history.vectors.requires_grad_()
    assignment = assign_softly(vectors, categories, temperature)
    interests = pool_softly(history, assignment, categories)
    torch.testing.assert_close(interests.norm(dim=-1), torch.ones(3, 4))
    gradient = torch.autograd.grad(interests.sum(), vectors)[0]
    assert gradient.isfinite().all()


@pytest.mark.parametrize("temperature", [0.03, 0.1, 10.0])
def test_gradient_in_float64(temperature):
    history, categories = make_case(torch.float64)

    def pooled(vectors, others):
        assignment = assign_softly(vectors, others, temperature)
        return pool_softly(History(vectors, history.lengths), assignment, others)

    leaves = (history.vectors.requires_grad_(), categories.requires_grad_())
    assert torch.autograd.gradcheck(pooled, leaves, atol=1e-5)


@pytest.mark.parametrize("temperature", [0.01, 0.02])
def test_a_faint_category_points_where_it_does_in_float64(temperature):
    history, categories = make_case()
    exact_history, exact_categories = make_case(torch.float64)
    assignment = assign_softly(exact_history.vectors, exact_categories, temperature)
    weighted = assignment.unsqueeze(-1) * exact_history.vectors.unsqueeze(1)
    sums = exact_history.sum_by_row(weighted)
    exact = sums / sums.norm(dim=-1, keepdim=True)
    found = pool_softly(
        history, assign_softly(history.vectors, categories, temperature), categories
    )
    strong = exact_history.sum_by_row(assignment) > 1e-27  # less is nothing
    torch.testing.assert_close(found[strong], exact[strong].float(), rtol=0, atol=2e-4)
    assert (exact_history.sum_by_row(assignment)[strong] < 1e-14).any()


def test_no_bit_changes_where_the_mass_is_usual():
    history, categories = make_case()
    assignment = assign_softly(history.vectors, categories, 0.1)
    found = pool_softly(history, assignment, categories)
    assert found.equal(functional.normalize(history.pool(assignment), dim=-1))
    sums = history.sum_by_row(assignment.unsqueeze(-1) * history.vectors.unsqueeze(1))
    torch.testing.assert_close(found, functional.normalize(sums, dim=-1), rtol=1e-6, atol=1e-7)

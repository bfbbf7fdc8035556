"""Orthogonality, uniformity and uniqueness: hand numbers and naive loops."""

import math

import pytest
import torch
from torch.nn import functional

from recbole_opal.losses.regularisers import (
    category_shares,
    orthogonality_loss,
    uniformity_loss,
)
from recbole_opal.models.opal import unique_loss


def test_orthogonality_by_hand():
    # <o_1, o_2> = 0.6 twice among four pairs: (0.36 + 0.36) / 4.
    categories = torch.tensor([[1.0, 0.0], [0.6, 0.8]])
    assert float(orthogonality_loss(categories)) == pytest.approx(0.18)
    assert float(orthogonality_loss(torch.eye(3))) == 0


def test_orthogonality_equals_a_double_loop():
    torch.manual_seed(0)
    categories = functional.normalize(torch.randn(5, 7, dtype=torch.float64), dim=-1)
    total = 0.0
    for i in range(5):
        for j in range(5):
            total += (float(categories[i] @ categories[j]) - (i == j)) ** 2
    assert float(orthogonality_loss(categories)) == pytest.approx(total / 25)


def test_shares_by_hand():
    assignment = torch.tensor([[0.9, 0.1], [0.5, 0.5], [0.2, 0.8]])
    expected = torch.tensor([1.6 / 3, 1.4 / 3])
    torch.testing.assert_close(category_shares(assignment), expected)


def test_uniformity_by_hand():
    # Shares 0.75 and 0.25: sample standard deviation sqrt(0.125), mean 0.5.
    loss = uniformity_loss(torch.tensor([0.75, 0.25]))
    assert float(loss) == pytest.approx(math.sqrt(0.125) / 0.5)
    assert float(uniformity_loss(torch.full((4,), 0.25))) == pytest.approx(0)
    assert float(uniformity_loss(torch.tensor([1.0]))) == 0


def test_uniformity_ignores_scale_and_punishes_collapse_most():
    shares = torch.tensor([0.5, 0.3, 0.2])
    assert float(uniformity_loss(shares)) == pytest.approx(float(uniformity_loss(shares * 7)))
    collapsed = uniformity_loss(torch.tensor([1.0, 0.0, 0.0, 0.0]))
    assert float(collapsed) == pytest.approx(2.0)  # sqrt(K), the largest value for K = 4


def test_balanced_hard_assignment_scores_about_nothing():
    """The authors' code scores 0.57 here, because it sums one axis too few."""
    torch.manual_seed(0)
    batch, length, interests = 1024, 100, 8
    lengths = torch.randint(3, 101, (batch, 1))
    mask = torch.arange(length) < lengths
    hard = functional.one_hot(torch.randint(interests, (batch, length)), interests).float()
    loss = uniformity_loss(category_shares(hard[mask]))
    assert float(loss) < 0.03
    as_published = (hard * mask.unsqueeze(-1)).sum(0) / mask.sum()
    assert float(as_published.std() / as_published.mean()) > 0.5


def test_unique_by_hand():
    assignment = torch.tensor([[0.9, 0.1], [0.5, 0.5]])
    expected = -(math.log(0.9) + math.log(0.5)) / 2
    assert float(unique_loss(assignment)) == pytest.approx(expected)
    assert float(unique_loss(torch.eye(3))) == 0


@pytest.mark.parametrize("loss", ["orthogonality", "uniformity", "unique"])
def test_gradient_in_float64(loss):
    torch.manual_seed(2)
    logits = torch.randn(4, 3, dtype=torch.float64, requires_grad=True)

    def value(x):
        assignment = x.softmax(-1)
        if loss == "orthogonality":
            return orthogonality_loss(functional.normalize(x, dim=-1))
        if loss == "uniformity":
            return uniformity_loss(category_shares(assignment))
        return unique_loss(assignment)

    assert torch.autograd.gradcheck(value, (logits,), atol=1e-6)

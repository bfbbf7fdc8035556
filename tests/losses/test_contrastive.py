"""InfoNCE between pairs of interests: hand numbers, naive loops, gradients."""

import math

import pytest
import torch
from torch.nn import functional

from recbole_opal.losses.contrastive import agreement_losses
from recbole_opal.models.cmi import view_contrast


def units(*shape, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return functional.normalize(
        torch.randn(shape, generator=generator, dtype=torch.float64), dim=-1
    )


def test_two_orthogonal_pairs_by_hand():
    # Logits 2 for the pair and 0 for the other: log(e^2 + 1) - 2.
    losses = agreement_losses(torch.eye(2), torch.eye(2), 0.5)
    torch.testing.assert_close(losses, torch.full((2,), math.log(math.exp(2) + 1) - 2))


def test_agreement_equals_a_naive_loop():
    one, other = units(5, 3, seed=1), units(5, 3, seed=2)
    losses = agreement_losses(one, other, 0.1)
    for i in range(5):
        logits = [float(one[i] @ other[j]) / 0.1 for j in range(5)]
        expected = -math.log(math.exp(logits[i]) / sum(math.exp(logit) for logit in logits))
        assert float(losses[i]) == pytest.approx(expected)


def test_great_logits_neither_overflow_nor_vanish():
    one, other = 300 * units(4, 3, seed=1), units(4, 3, seed=2)
    one.requires_grad_()
    losses = agreement_losses(one.float(), other.float(), 0.1)
    losses.sum().backward()
    assert losses.isfinite().all()
    assert one.grad.isfinite().all()


@pytest.mark.parametrize("left_out", [(), (1, 3)])
def test_gradient_in_float64_where_some_losses_are_left_out(left_out):
    one, other = units(4, 3, seed=1).requires_grad_(), units(4, 3, seed=2).requires_grad_()
    weights = torch.ones(4, dtype=torch.float64)
    weights[list(left_out)] = 0

    def value(a, b):
        return (agreement_losses(a, b, 0.5) * weights).sum()

    assert torch.autograd.gradcheck(value, (one, other))


def test_contrast_equals_a_loop_over_users_and_interests_of_both_views():
    one, other = units(3, 2, 4, seed=1), units(3, 2, 4, seed=2)
    total = 0.0
    for first, second in ((one, other), (other, one)):
        for user in range(3):
            for interest in range(2):
                own = float(first[user, interest] @ second[user, interest]) / 0.1
                terms = [
                    math.exp(float(first[user, interest] @ second[u, k]) / 0.1)
                    for u in range(3)
                    for k in range(2)
                ]
                total += math.log(sum(terms)) - own
    assert float(view_contrast(one, other, 0.1)) == pytest.approx(total / 12)


def test_contrast_is_symmetric_and_low_where_views_agree():
    one, other = units(6, 2, 8, seed=1), units(6, 2, 8, seed=2)
    torch.testing.assert_close(view_contrast(one, other, 0.1), view_contrast(other, one, 0.1))
    assert view_contrast(one, one, 0.1) < view_contrast(one, other, 0.1)

"""Label-aware attention: values against exact arithmetic, finite gradients for every power."""

import math
from fractions import Fraction

import pytest
import torch

from recbole_opal.losses.attention import attention_weights
from recbole_opal.losses.retrieval import retrieval_loss, target_columns

POWERS = [1e-12, 1e-3, 0.5, 1.0, 2.0, 50.0, 100.0, 1000.0, 1e6]
SCORES = [
    [10.0, 9.0, -3.0],
    [-10.0, -5.0, -4.9],
    [0.5, 0.4, -0.9],
    [7.0, -9.5, 0.3],
    [1.0, 1.0, -1.0],
    [0.0, 0.0, 0.0],
]


def exactly(scores, power):
    """Softmax of signed powers in the logarithms of Python's floats, which do not overflow here."""
    powered = [math.copysign(float(min(_power(s, power), Fraction(10) ** 300)), s) for s in scores]
    best = max(powered)
    raised = [math.exp(p - best) for p in powered]
    return [r / sum(raised) for r in raised]


def _power(score, power):
    if score == 0:
        return Fraction(0)
    logarithm = power * math.log(abs(score))
    return Fraction(10) ** 300 if logarithm > 690 else Fraction(math.exp(logarithm))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("power", POWERS[:6])
@pytest.mark.parametrize("scores", SCORES, ids=str)
def test_equals_exact_arithmetic(scores, power, dtype):
    found = attention_weights(torch.tensor(scores, dtype=dtype).view(1, 3, 1), power)[0, :, 0]
    expected = torch.tensor(exactly(scores, power), dtype=dtype)
    torch.testing.assert_close(found, expected, rtol=2e-5, atol=1e-6)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("power", [50.0, 100.0, 1000.0, 1e6])
def test_great_powers_take_the_best_alone_and_share_between_equals(power, dtype):
    scores = torch.tensor(
        [[10.0, 9.9, -10.0], [-10.0, -8.0, -7.9], [9.0, 9.0, 1.0], [1e30, -1e30, 1e29]], dtype=dtype
    )
    weights = attention_weights(scores.unsqueeze(-1), power).squeeze(-1)
    wanted = [[1, 0, 0], [0, 0, 1], [0.5, 0.5, 0], [1, 0, 0]]
    torch.testing.assert_close(weights, torch.tensor(wanted, dtype=dtype))


@pytest.mark.parametrize("power", POWERS[1:8])
@pytest.mark.parametrize("scores", [SCORES[0], SCORES[1], SCORES[2], SCORES[3]], ids=str)
def test_gradient_in_float64(scores, power):
    leaf = torch.tensor(scores, dtype=torch.float64).view(1, 3, 1).requires_grad_()
    assert torch.autograd.gradcheck(lambda s: attention_weights(s, power), (leaf,), atol=1e-5)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("power", POWERS)
def test_every_score_has_a_finite_gradient(power, dtype):
    kind = torch.finfo(dtype)
    odd = [0.0, -0.0, kind.tiny, -kind.tiny, 1e-7, 1.0, -1.0, 10.0, -10.0, 1e18, -1e18, 1e38, -1e38]
    grid = torch.cartesian_prod(*[torch.tensor(odd, dtype=dtype)] * 2)  # (P, 2)
    leaf = grid.unsqueeze(-1).requires_grad_()
    for mixable in (None, torch.tensor([[True, False]]).expand(len(grid), 2)):
        weights = attention_weights(leaf, power, mixable)
        torch.testing.assert_close(weights.sum(dim=1), torch.ones_like(weights[:, 0]))
        (gradient,) = torch.autograd.grad((weights[:, 0] * 3).sum(), leaf)
        assert gradient.isfinite().all()
    assert (weights[:, 1] == 0).all()


def loss_of(power, users, targets, mask, negatives, temperature=0.1):
    return retrieval_loss(
        users,
        targets,
        mask,
        negatives,
        temperature=temperature,
        own_columns=target_columns(mask.long() * 99, torch.arange(1, len(negatives) + 1)),
        negative_weights=negatives.new_zeros(len(negatives)),
        routing="attention",
        attention_power=power,
    )


def make_case(dtype=torch.float32, window=3):
    generator = torch.Generator().manual_seed(0)

    def units(*shape):
        drawn = torch.randn(*shape, generator=generator, dtype=torch.float64).to(dtype)
        return torch.nn.functional.normalize(drawn, dim=-1)

    mask = torch.tensor([[True] * window, [True] + [False] * (window - 1)])
    targets = units(2, window, 4) * mask.unsqueeze(-1)
    return units(2, 3, 4), targets, mask, units(6, 4)


@pytest.mark.parametrize("power", POWERS)
def test_padded_targets_have_no_part_in_value_or_gradient(power):
    users, targets, mask, negatives = make_case()
    results = []
    for width, padding in ((1, None), (3, 0.0), (3, 5.0), (9, 0.0)):
        own = targets[1:, :1]
        if padding is not None:
            own = torch.cat([own, torch.full((1, width - 1, 4), padding)], dim=1)
        leaves = [users[1:].clone().requires_grad_(), own.clone().requires_grad_()]
        present = torch.arange(own.shape[1]).unsqueeze(0) < 1
        loss = loss_of(power, leaves[0], leaves[1], present, negatives)
        to_users, to_targets = torch.autograd.grad(loss, leaves)
        assert to_targets.isfinite().all()
        assert (to_targets[:, 1:] == 0).all()
        results.append((loss, to_users, to_targets[:, :1]))
    for other in results[1:]:
        torch.testing.assert_close(other, results[0])


@pytest.mark.parametrize("power", POWERS[1:8])
def test_the_loss_s_gradient_with_padding_in_float64(power):
    users, targets, mask, negatives = make_case(torch.float64)
    leaves = [leaf.clone().requires_grad_() for leaf in (users, targets, negatives)]
    assert torch.autograd.gradcheck(
        lambda u, x, n: loss_of(power, u, x, mask, n, temperature=0.5), leaves, atol=1e-5
    )


@pytest.mark.parametrize("power", POWERS)
@pytest.mark.parametrize("temperature", [1e-6, 0.1, 10.0])
def test_equal_and_zero_vectors_have_finite_gradients(power, temperature):
    users, targets, mask, negatives = make_case()
    same = users[:, :1].expand_as(users)
    nearly = same * (1 + 1e-7 * torch.arange(3).view(1, 3, 1))
    for queries in (users, same, nearly, torch.zeros_like(users)):
        for wanted in (targets, torch.zeros_like(targets)):
            leaves = [queries.clone().requires_grad_(), wanted.clone().requires_grad_()]
            loss = loss_of(power, leaves[0], leaves[1], mask, negatives, temperature)
            assert loss.isfinite()
            assert all(g.isfinite().all() for g in torch.autograd.grad(loss, leaves))


@pytest.mark.parametrize("routing", ["candidate", "target", "attention"])
def test_a_row_without_targets_is_left_out(routing):
    users, targets, mask, negatives = make_case()
    empty = torch.stack([mask[0], torch.zeros_like(mask[0])])

    def value(rows, present):
        leaf = users[:rows].clone().requires_grad_()
        loss = retrieval_loss(
            leaf,
            targets[:rows],
            present[:rows],
            negatives,
            temperature=0.1,
            own_columns=torch.full((rows, 3), len(negatives)),
            negative_weights=negatives.new_zeros(len(negatives)),
            routing=routing,
            attention_power=0.5,
        )
        return loss, *torch.autograd.grad(loss, leaf)

    loss, gradient = value(2, empty)
    alone, own = value(1, mask)
    torch.testing.assert_close((loss, gradient[:1]), (alone, own))
    assert (gradient[1] == 0).all()
    nothing, gradient = value(2, torch.zeros_like(mask))
    assert nothing == 0
    assert (gradient == 0).all()

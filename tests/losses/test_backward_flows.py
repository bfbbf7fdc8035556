"""Re4's three losses: hand-computed numbers, naive loops, padding and batch size."""

import math

import pytest
import torch
from torch.nn import functional

from recbole_opal.losses.backward_flows import reattend_loss, reconstruct_loss, recontrast_loss


def test_reattend_by_hand():
    scores = torch.tensor([[[0.0, math.log(3), 99.0]]])  # softmax: 1/4, 3/4, padding
    attention = torch.tensor([[[0.5, 0.5, 0.0]]])
    mask = torch.tensor([[True, True, False]])
    assert reattend_loss(scores, attention.log(), mask).item() == pytest.approx(math.log(2))
    attention = torch.tensor([[[0.2, 0.8, 0.0]]])
    expected = -(0.25 * math.log(0.2) + 0.75 * math.log(0.8))
    assert reattend_loss(scores, attention.log(), mask).item() == pytest.approx(expected)


def test_reattend_is_least_where_attention_agrees_with_the_scores():
    torch.manual_seed(0)
    scores = torch.randn(2, 3, 4)
    mask = torch.ones(2, 4, dtype=torch.bool)
    best = reattend_loss(scores, scores.log_softmax(dim=-1), mask)
    for _ in range(20):
        other = (scores + 0.3 * torch.randn(2, 3, 4)).log_softmax(dim=-1)
        assert reattend_loss(scores, other, mask) > best


def test_recontrast_by_hand():
    """One interest along the first axis, one representative, one own and one foreign negative."""
    interests = torch.tensor([[[2.0, 0.0]]])
    items = torch.tensor([[[3.0, 0.0], [0.0, 1.0]]])
    loss = recontrast_loss(
        interests,
        items,
        torch.tensor([[True, True]]),
        torch.tensor([[[True, False]]]),
        torch.tensor([[[-1.0, 0.0], [5.0, 0.0]]]),
        torch.tensor([[True, False]]),
        temperature=0.5,
    )
    positive, negatives = math.exp(1 / 0.5), math.exp(0.0) + math.exp(-1 / 0.5)
    assert loss.item() == pytest.approx(-math.log(positive / (positive + negatives)), rel=1e-5)


def batch(rows=4, interests=3, length=5, width=4):
    torch.manual_seed(0)
    lengths = torch.randint(1, length + 1, (rows,))
    mask = torch.arange(length) < lengths.unsqueeze(1)
    return {
        "interests": torch.randn(rows, interests, width, dtype=torch.float64),
        "items": torch.randn(rows, length, width, dtype=torch.float64),
        "mask": mask,
        "representative": (torch.rand(rows, interests, length) < 0.4) & mask.unsqueeze(1),
        "strangers": torch.randn(rows, 3, width, dtype=torch.float64),
        "stranger_mask": torch.rand(rows, 3) < 0.7,
    }


def naive_recontrast(parts, temperature):
    def cosine(one, other):
        return float(one @ other / (one.norm() * other.norm())) / temperature

    means = []
    rows, interests, _ = parts["interests"].shape
    for b in range(rows):
        for k in range(interests):
            axis = parts["interests"][b, k]
            own = [t for t in range(parts["mask"].shape[1]) if parts["mask"][b, t]]
            good = [t for t in own if parts["representative"][b, k, t]]
            bad = [parts["items"][b, t] for t in own if t not in good]
            bad += list(parts["strangers"][b][parts["stranger_mask"][b]])
            bad += [parts["interests"][b, j] for j in range(interests) if j != k]
            against = sum(math.exp(cosine(axis, x)) for x in bad)
            losses = []
            for t in good:
                positive = math.exp(cosine(axis, parts["items"][b, t]))
                losses.append(-math.log(positive / (positive + against)))
            if losses:
                means.append(sum(losses) / len(losses))
    return sum(means) / len(means)


@pytest.mark.parametrize("temperature", [0.5, 0.1])
def test_recontrast_equals_a_naive_loop(temperature):
    parts = batch()
    loss = recontrast_loss(**parts, temperature=temperature)
    assert loss.item() == pytest.approx(naive_recontrast(parts, temperature))


def test_recontrast_ignores_padding_and_the_size_of_the_batch():
    parts = batch()
    loss = recontrast_loss(**parts, temperature=0.1)
    wider = parts | {
        "items": functional.pad(parts["items"], (0, 0, 0, 2), value=3.0),
        "mask": functional.pad(parts["mask"], (0, 2)),
        "representative": functional.pad(parts["representative"], (0, 2)),
    }
    torch.testing.assert_close(recontrast_loss(**wider, temperature=0.1), loss)
    twice = {name: torch.cat([part, part]) for name, part in parts.items()}
    torch.testing.assert_close(recontrast_loss(**twice, temperature=0.1), loss)


def test_recontrast_without_representatives_is_nothing():
    parts = batch()
    parts["representative"] = torch.zeros_like(parts["representative"])
    parts["interests"].requires_grad_()
    loss = recontrast_loss(**parts, temperature=0.02)
    assert loss.item() == 0
    (gradient,) = torch.autograd.grad(loss, parts["interests"])
    assert gradient.eq(0).all()


def test_recontrast_keeps_finite_at_the_published_temperature():
    parts = {
        name: part.float() if part.is_floating_point() else part for name, part in batch().items()
    }
    parts["interests"].requires_grad_()
    loss = recontrast_loss(**parts, temperature=0.02)
    (gradient,) = torch.autograd.grad(loss, parts["interests"])
    assert loss.isfinite()
    assert gradient.isfinite().all()


def test_one_interest_with_nothing_to_push_from_costs_nothing():
    loss = recontrast_loss(
        torch.ones(1, 1, 2),
        torch.ones(1, 1, 2),
        torch.tensor([[True]]),
        torch.tensor([[[True]]]),
        torch.ones(1, 1, 2),
        torch.tensor([[False]]),
        temperature=0.02,
    )
    assert loss.item() == 0


def test_reconstruct_by_hand():
    decoded = torch.tensor([[1.0, 2.0], [0.0, 0.0]])
    items = torch.tensor([[1.0, 0.0], [3.0, 1.0]])
    assert reconstruct_loss(decoded, items).item() == pytest.approx((4 + 9 + 1) / 4)
    assert reconstruct_loss(decoded[:0], items[:0]).item() == 0

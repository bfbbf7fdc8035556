"""DSSRec's losses: hand numbers and naive loops."""

import math

import pytest
import torch

from recbole_opal.models.dssrec import seq2item_loss, seq2seq_loss


def random_case(seed=0):
    generator = torch.Generator().manual_seed(seed)
    interests = torch.randn(4, 2, 3, generator=generator, dtype=torch.float64)
    others = torch.randn(4, 2, 3, generator=generator, dtype=torch.float64)
    return interests, others


def test_next_item_by_hand():
    # Row 0: interests score 1 and 0 with its own item, 0 and 1 with the other row's.
    interests = torch.eye(2).expand(2, 2, 2)
    loss = seq2item_loss(interests, torch.eye(2), torch.tensor([5, 7]), temperature=1.0)
    assert float(loss) == pytest.approx(math.log(2 * math.e + 2) - 1)


def test_next_item_equals_a_loop_that_leaves_equal_items_out():
    interests, others = random_case()
    targets, ids = others[:, 0].clone(), torch.tensor([3, 8, 3, 5])
    targets[2] = targets[0]
    total = 0.0
    for row in range(4):
        terms, best = [], -math.inf
        for column in range(4):
            for interest in range(2):
                logit = float(interests[row, interest] @ targets[column]) / 1.5
                if column == row:
                    best = max(best, logit)
                if column == row or ids[column] != ids[row]:
                    terms.append(math.exp(logit))
        total += math.log(sum(terms)) - best
    loss = seq2item_loss(interests, targets, ids, temperature=1.5)
    assert float(loss) == pytest.approx(total / 4)


def pair_losses(past, future):
    losses = []
    for row in range(4):
        for interest in range(2):
            logits = [
                float(past[row, interest] @ future[b, k]) / 2 for b in range(4) for k in range(2)
            ]
            total = sum(math.exp(logit) for logit in logits)
            losses.append(math.log(total) - logits[2 * row + interest])
    return losses


@pytest.mark.parametrize(("share", "kept"), [(1.0, 8), (0.5, 4), (0.3, 3), (0.01, 1)])
def test_the_future_equals_a_loop_over_the_best_predicted_pairs(share, kept):
    past, future = random_case()
    expected = sum(sorted(pair_losses(past, future))[:kept]) / kept
    actual = seq2seq_loss(past, future, temperature=2.0, kept_share=share)
    assert float(actual) == pytest.approx(expected)


def test_pairs_that_are_left_out_teach_nothing():
    past, future = random_case()
    past.requires_grad_()
    seq2seq_loss(past, future, temperature=2.0, kept_share=0.5).backward()
    losses = torch.tensor(pair_losses(past.detach(), future))
    kept = torch.zeros(8, dtype=torch.bool).index_fill(0, losses.argsort()[:4], True)
    assert past.grad.flatten(0, 1).abs().sum(dim=-1).gt(0).equal(kept)


@pytest.mark.parametrize("share", [1.0, 0.5])
def test_gradient_in_float64(share):
    past, future = (each.requires_grad_() for each in random_case(3))
    ids = torch.tensor([1, 2, 1, 3])

    def value(one, other):
        item = seq2item_loss(one, other[:, 0], ids, temperature=2.0)
        return item + seq2seq_loss(one, other, temperature=2.0, kept_share=share)

    assert torch.autograd.gradcheck(value, (past, future))

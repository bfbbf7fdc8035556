"""Capsule routing: the softmax's axis, a naive loop, gradients through the last step only."""

import math

import pytest
import torch

from recbole_opal.interests.capsules import CapsuleSettings, couple, route, squash
from recbole_opal.interests.history import History
from recbole_opal.models.comirec import ComiRecDRSettings, PositionCapsules
from recbole_opal.models.mind import MindCapsules, MINDSettings

RULE = CapsuleSettings()


def naive_route(predictions, logits, length, iterations):
    """Route one row by loops over items and interests."""
    _, interests, width = predictions.shape
    logits = logits.clone()
    for step in range(iterations):
        vectors = []
        weights = [logits[t].exp() / logits[t].exp().sum() for t in range(length)]
        for k in range(interests):
            total = torch.zeros(width, dtype=predictions.dtype)
            for t in range(length):
                total = total + weights[t][k] * predictions[t, k]
            norm = float(total.norm())
            vectors.append(norm**2 / (1 + norm**2) * total / norm)
        if step < iterations - 1:
            for t in range(length):
                for k in range(interests):
                    logits[t, k] += predictions[t, k] @ vectors[k]
    return torch.stack(vectors)


@pytest.mark.parametrize("iterations", [1, 2, 3])
def test_routing_equals_a_naive_loop(iterations):
    torch.manual_seed(0)
    predictions = torch.randn(3, 5, 2, 4, dtype=torch.float64)
    logits = torch.randn(3, 5, 2, dtype=torch.float64)
    lengths = [5, 1, 3]
    mask = torch.arange(5) < torch.tensor(lengths).unsqueeze(1)
    actual = route(predictions, logits, mask, CapsuleSettings(routing_iterations=iterations))
    for row, length in enumerate(lengths):
        expected = naive_route(predictions[row], logits[row], length, iterations)
        torch.testing.assert_close(actual[row], expected)


def test_each_real_item_shares_itself_out_among_the_interests():
    torch.manual_seed(0)
    mask = torch.tensor([[True, True, False], [True, False, False]])
    coupling = couple(torch.randn(2, 3, 4), mask)
    torch.testing.assert_close(coupling.sum(dim=-1), mask.float())


def test_squash_by_hand():
    squashed = squash(torch.tensor([[3.0, 4.0], [0.0, 0.0]]))
    torch.testing.assert_close(squashed[0], torch.tensor([0.6, 0.8]) * 25 / 26)
    assert squashed[1].eq(0).all()


def test_gradients_flow_through_the_last_iteration_only():
    torch.manual_seed(0)
    values = torch.randn(1, 3, 2, 2, dtype=torch.float64)
    mask = torch.ones(1, 3, dtype=torch.bool)
    logits = torch.zeros(1, 3, 2, dtype=torch.float64)
    predictions = values.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(route(predictions, logits, mask, RULE).sum(), predictions)
    fixed = values.clone()
    for _ in range(2):
        vectors = squash(torch.einsum("blk,blkd->bkd", couple(logits, mask), fixed))
        logits = logits + torch.einsum("blkd,bkd->blk", fixed, vectors)
    last = values.clone().requires_grad_()
    once = CapsuleSettings(routing_iterations=1)
    (expected,) = torch.autograd.grad(route(last, logits, mask, once).sum(), last)
    torch.testing.assert_close(gradient, expected)


def test_mind_keeps_its_starting_logits_with_its_weights():
    torch.manual_seed(0)
    settings = MINDSettings(num_interests=3, hidden_size=4)
    one, other = (MindCapsules(settings, 5) for _ in range(2))
    history = History(torch.randn(6, 4), torch.tensor([3, 3]))
    assert not one(history).interests.equal(other(history).interests)
    other.load_state_dict(one.state_dict())
    assert one(history).interests.equal(other(history).interests)


def test_positions_have_transforms_of_their_own():
    torch.manual_seed(0)
    settings = ComiRecDRSettings(num_interests=2, hidden_size=3, routing_iterations=1)
    capsules = PositionCapsules(settings, 4)
    vectors = torch.randn(2, 3)
    forward = capsules(History(vectors, torch.tensor([2])))
    backward = capsules(History(vectors.flip(0), torch.tensor([2])))
    assert not torch.allclose(forward, backward)
    by_hand = torch.stack(
        [sum(0.5 * vectors[t] @ capsules.transforms[t, k] for t in range(2)) for k in range(2)]
    )
    torch.testing.assert_close(forward[0], squash(by_hand))
    assert math.isclose(capsules.transforms.std().item(), 3**-0.5, rel_tol=0.3)


def test_a_softmax_over_positions_shares_out_each_interest_and_no_padding():
    torch.manual_seed(0)
    mask = torch.tensor([[True, True, False], [True, False, False]])
    coupling = couple(torch.randn(2, 3, 4), mask, "positions")
    torch.testing.assert_close(coupling.sum(dim=1), torch.ones(2, 4))
    assert coupling[~mask].eq(0).all()


def test_gradients_through_all_iterations_are_others_for_the_same_interests():
    torch.manual_seed(0)
    mask, logits = torch.ones(1, 3, dtype=torch.bool), torch.zeros(1, 3, 2)
    values = torch.randn(1, 3, 2, 2)
    results, gradients = [], []
    for rule in (RULE, CapsuleSettings(routing_gradient="all")):
        predictions = values.clone().requires_grad_()
        interests = route(predictions, logits, mask, rule)
        results.append(interests.detach())
        gradients.append(torch.autograd.grad(interests.sum(), predictions)[0])
    torch.testing.assert_close(*results)
    assert not torch.allclose(*gradients)


def test_the_number_of_interests_grows_with_the_history():
    torch.manual_seed(0)
    settings = MINDSettings(num_interests=3, hidden_size=4, dynamic_interests=True)
    capsules = MindCapsules(settings, 8)
    lengths = [1, 3, 4, 7, 8]
    rows = torch.repeat_interleave(torch.arange(5), torch.tensor(lengths))
    routed = capsules(History(torch.randn(sum(lengths), 4), torch.bincount(rows, minlength=5)))
    assert routed.active.sum(dim=1).tolist() == [1, 1, 2, 2, 3]  # floor(log2), 1 to K
    for interests, active in zip(routed.interests, routed.active, strict=True):
        torch.testing.assert_close(interests[~active], interests[:1].expand(3, 4)[~active])
        assert len(interests.unique(dim=0)) == int(active.sum())
    assert routed.interests.isfinite().all()


def test_a_missing_interest_takes_no_part_in_the_routing():
    torch.manual_seed(0)
    settings = MINDSettings(num_interests=3, hidden_size=4, dynamic_interests=True)
    capsules = MindCapsules(settings, 4)
    history = History(torch.randn(4, 4), torch.tensor([4]))
    before = capsules(history).interests[:, :2]
    capsules.start[:, 2] = 50.0
    torch.testing.assert_close(capsules(history).interests[:, :2], before)

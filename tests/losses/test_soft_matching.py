"""Log-sum-exp of inner products, and the loss by it: values, gradients, memory, one interest."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from recbole_opal.losses.retrieval import retrieval_loss, target_columns
from recbole_opal.losses.soft_matching import soft_inner_products


def directly(interests, candidates, temperature):
    products = torch.einsum("bkd,md->bkm", interests, candidates)
    return temperature * (products / temperature).logsumexp(dim=1)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 4), st.integers(1, 6), st.integers(1, 9))
def test_equals_the_direct_computation(seed, batch, interests, candidates):
    torch.manual_seed(seed)
    u = torch.randn(batch, interests, 3, dtype=torch.float64, requires_grad=True)
    x = torch.randn(candidates, 3, dtype=torch.float64, requires_grad=True)
    weights = torch.randn(batch, candidates, dtype=torch.float64)
    actual, expected = soft_inner_products(u, x, 0.2), directly(u, x, 0.2)
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
    assert torch.autograd.gradcheck(lambda a, b: soft_inner_products(a, b, 0.3), (u, x), atol=1e-6)


def test_equal_interests_share_the_gradient():
    u = torch.ones(1, 2, 2, requires_grad=True)
    soft_inner_products(u, torch.ones(1, 2), 0.1).sum().backward()
    torch.testing.assert_close(u.grad, torch.full((1, 2, 2), 0.5))


def test_a_step_keeps_no_product_of_each_interest():
    kept = []
    u, x = torch.randn(5, 7, 3, requires_grad=True), torch.randn(11, 3, requires_grad=True)
    with torch.autograd.graph.saved_tensors_hooks(
        lambda t: kept.append(t.numel()) or t, lambda t: t
    ):
        soft_inner_products(u, x, 0.1)
    assert sum(kept) == 5 * 7 * 3 + 11 * 3 + 5 * 11


def make_case(seed=0, batch=3, interests=3, window=4):
    generator = torch.Generator().manual_seed(seed)
    table = torch.randn(12, 3, generator=generator, dtype=torch.float64)
    lengths = torch.randint(1, window + 1, (batch, 1), generator=generator)
    targets = torch.randint(1, 12, (batch, window), generator=generator)
    targets = targets * (torch.arange(window) < lengths)
    ids, counts = torch.randint(1, 12, (8,), generator=generator).unique(return_counts=True)
    users = torch.randn(batch, interests, 3, generator=generator, dtype=torch.float64)
    return table, targets, ids, counts.double().log(), users


def loss(table, targets, ids, weights, users, scoring="logsumexp", hardness=0.0):
    return retrieval_loss(
        users,
        table[targets],
        targets > 0,
        table[ids],
        temperature=0.7,
        own_columns=target_columns(targets, ids),
        negative_weights=weights,
        scoring=scoring,
        hardness=hardness,
    )


@pytest.mark.parametrize("seed", range(5))
def test_the_loss_equals_a_naive_loop(seed):
    table, targets, ids, weights, users = make_case(seed)

    def mass(user, item):  # e to the score over the temperature
        return sum(math.exp(float(u @ table[item]) / 0.7) for u in user)

    rows = []
    for user, own in zip(users, targets.tolist(), strict=True):
        own = [item for item in own if item]
        pairs = zip(ids.tolist(), weights.exp().tolist(), strict=True)
        rivals = sum(w * mass(user, item) for item, w in pairs if item not in own)
        losses = [math.log1p(rivals / mass(user, item)) for item in own]
        rows.append(sum(losses) / len(losses))
    assert float(loss(table, targets, ids, weights, users)) == pytest.approx(sum(rows) / len(rows))


@pytest.mark.parametrize("hardness", [0.0, 0.8])
def test_the_gradient_of_the_loss_in_float64(hardness):
    table, targets, ids, weights, users = make_case(5, 2, 2, 2)
    assert torch.autograd.gradcheck(
        lambda u, x: loss(x, targets, ids, weights, u, hardness=hardness),
        (users.requires_grad_(), table.requires_grad_()),
        atol=1e-6,
    )


def test_one_interest_is_the_maximum_bit_by_bit():
    table, targets, ids, weights, users = make_case(3, interests=1)
    found = []
    for scoring in ("maximum", "logsumexp"):
        own = users.float().requires_grad_()
        value = loss(table.float(), targets, ids, weights.float(), own, scoring)
        value.backward()
        found.append((value, own.grad))
    assert found[0][0].equal(found[1][0])
    assert found[0][1].equal(found[1][1])


def test_hard_negatives_of_hardness_towards_0_are_the_plain_ones():
    table, targets, ids, weights, users = make_case(4)
    plain = loss(table, targets, ids, weights, users)
    torch.testing.assert_close(loss(table, targets, ids, weights, users, hardness=1e-9), plain)
    assert loss(table, targets, ids, weights, users, hardness=1.0) > plain

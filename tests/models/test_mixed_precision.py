"""Every loss computes in float32 under autocast: only what came rounded is rounded."""

import inspect

import pytest
import torch
from torch.nn import functional

from recbole_opal.losses import (
    attention,
    contrastive,
    log_partition,
    matching,
    regularisers,
    retrieval,
)
from recbole_opal.models import cmi, dssrec, opal, re4, remi, vqcodebook
from recbole_opal.precision import full_precision

TOLERANCE = 5e-3
"""Relative, of the loss of interests rounded to bfloat16 (8 bits: 0.004) to that of exact ones."""


def units(*shape, seed=0):
    drawn = torch.randn(shape, generator=torch.Generator().manual_seed(seed))
    return functional.normalize(drawn, dim=-1)


def retrieve(name):
    def value(interests, targets, negatives):
        return retrieval.retrieval_loss(
            interests,
            targets,
            torch.ones(targets.shape[:2], dtype=torch.bool),
            negatives,
            temperature=0.1,
            own_columns=torch.full(targets.shape[:2], len(negatives)),
            negative_weights=torch.zeros(len(negatives)),
            routing=name.partition("-")[0],
            hardness=2.0 if name.endswith("hard") else 0.0,
            attention_power=2.0,
        )

    return value, (units(4, 3, 16), units(4, 2, 16, seed=1), units(50, 16, seed=2))


SHARES = (units(9, 3, seed=3) * 10).softmax(dim=-1)
THERE = torch.arange(5) < torch.tensor([[5], [1], [3], [2]])
CASES = {
    **{f"retrieval-{name}": retrieve(name) for name in ("candidate", "target", "attention")},
    **{f"retrieval-{name}-hard": retrieve(f"{name}-hard") for name in ("candidate", "attention")},
    "best_inner_products": (matching.best_inner_products, (units(4, 3, 8), units(6, 8, seed=1))),
    "best_of_one": (matching.best_inner_products, (units(4, 1, 8), units(6, 8, seed=1))),
    "log_sum_of_best": (
        lambda u, x: log_partition.log_sum_of_best(
            u, x, torch.zeros(len(x)), torch.full((len(u), 1), len(x))
        ),
        (units(4, 3, 8), units(6, 8, seed=1)),
    ),
    "agreement": (
        lambda a, b: contrastive.agreement_losses(a, b, 0.1),
        (units(6, 8), units(6, 8, seed=1)),
    ),
    "view_contrast": (
        lambda a, b: cmi.view_contrast(a, b, 0.1),
        (units(4, 3, 8), units(4, 3, 8, seed=1)),
    ),
    "seq2item": (
        lambda u, x: dssrec.seq2item_loss(u, x, torch.arange(4), temperature=0.1),
        (units(4, 3, 8), units(4, 8, seed=1)),
    ),
    "seq2seq": (
        lambda a, b: dssrec.seq2seq_loss(a, b, temperature=0.1, kept_share=0.5),
        (units(4, 3, 8), units(4, 3, 8, seed=1)),
    ),
    "orthogonality": (regularisers.orthogonality_loss, (units(4, 8),)),
    "category_shares": (regularisers.category_shares, (SHARES,)),
    "uniformity": (regularisers.uniformity_loss, (SHARES.mean(dim=0),)),
    "unique": (opal.unique_loss, (SHARES,)),
    "attention_variation": (
        lambda a: remi.attention_variation(a, THERE),
        ((units(4, 5, 3) * 5).masked_fill(~THERE.unsqueeze(-1), -1e9).softmax(dim=1),),
    ),
    "history_scores": (
        lambda u, x: re4.history_scores(u, x, temperature=0.1),
        (units(4, 3, 8), units(4, 5, 8, seed=1)),
    ),
    "reattend": (
        lambda s, a: re4.reattend_loss(s, a, THERE),
        (units(4, 3, 5) * 10, units(4, 3, 5, seed=1).log_softmax(dim=-1)),
    ),
    "recontrast": (
        lambda u, x, s: re4.recontrast_loss(
            u, x, THERE, THERE.unsqueeze(1).expand(4, 3, 5), s, THERE, temperature=0.02
        ),
        (units(4, 3, 8), units(4, 5, 8, seed=1), units(4, 5, 8, seed=2)),
    ),
    "quantisation": (vqcodebook.quantisation_loss, (units(7, 8), units(7, 8, seed=1))),
    "reconstruct": (re4.reconstruct_loss, (units(7, 8), units(7, 8, seed=1))),
}


def value_and_gradients(loss, tensors, mixed=False):
    leaves = [tensor.clone().requires_grad_() for tensor in tensors]
    with torch.autocast("cpu", torch.bfloat16, enabled=mixed):
        value = loss(*leaves)
    weights = torch.linspace(1, 2, value.numel()).view(value.shape)
    value = (value * weights).sum()
    gradients = torch.autograd.grad(value, leaves)
    return value.detach(), *gradients


@pytest.mark.parametrize("case", CASES)
def test_autocast_changes_nothing_of_what_a_loss_computes(case):
    loss, tensors = CASES[case]
    expected = value_and_gradients(loss, tensors)
    found = value_and_gradients(loss, tensors, mixed=True)
    assert all(a.dtype == b.dtype and a.equal(b) for a, b in zip(found, expected, strict=True))


@pytest.mark.parametrize("case", CASES)
def test_rounded_interests_cost_no_more_than_their_rounding(case):
    loss, tensors = CASES[case]
    exact, *_ = value_and_gradients(loss, tensors)
    halved = [tensors[0].bfloat16(), *tensors[1:]]  # what an encoder gives under autocast
    found, *gradients = value_and_gradients(loss, halved, mixed=True)
    same, *_ = value_and_gradients(loss, [halved[0].float(), *tensors[1:]])
    assert found.dtype == torch.float32
    torch.testing.assert_close(found, same)
    torch.testing.assert_close(found, exact, rtol=TOLERANCE, atol=TOLERANCE)
    assert gradients[0].dtype == torch.bfloat16
    assert all(gradient.isfinite().all() for gradient in gradients)


def test_every_public_loss_is_among_the_cases():
    names = {
        name
        for module in (attention, contrastive, log_partition, matching, regularisers, retrieval)
        for name in module.__all__
        if inspect.isfunction(getattr(module, name))
    }
    names |= {
        name
        for model in (cmi, dssrec, opal, re4, remi, vqcodebook)
        for name in model.__all__
        if inspect.isfunction(getattr(model, name))
    } - {"split_in_halves"}
    inside = {"target_columns", "attention_weights"}  # of retrieval_loss
    covered = {"retrieval_loss", *(f"{case}_loss" for case in CASES), "agreement_losses", *CASES}
    assert names <= covered | inside


def test_the_widest_dtype_wins_and_named_tensors_count():
    @full_precision
    def dtypes(one, *, other, count):
        return (one @ other).dtype, one.dtype, count.dtype

    half, count = torch.ones(2, 2).bfloat16(), torch.ones(1, dtype=torch.int64)
    with torch.autocast("cpu", torch.bfloat16):
        assert dtypes(half, other=half, count=count) == (torch.float32,) * 2 + (torch.int64,)
        double = dtypes(half, other=half.double(), count=count)
    assert double == (torch.float64,) * 2 + (torch.int64,)

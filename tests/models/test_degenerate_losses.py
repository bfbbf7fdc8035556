"""Inputs at which square roots, logarithms and quotients of losses and interests have no slope."""

import pytest
import torch

from recbole_opal.interests.capsules import squash
from recbole_opal.losses import contrastive, regularisers
from recbole_opal.models import cmi, dssrec, opal, pimi, re4, remi, vqcodebook

ZERO, ONES = torch.zeros, torch.ones
TINY = torch.full((1, 2, 3), 1e-30)
NOWHERE, ONE = ZERO(2, 4, dtype=torch.bool), torch.arange(4) < ONES(2, 1)


def recontrast(interests, items, mask, temperature=0.02, representative=None):
    """Without strangers, and where there are none, nor other items, without any negative."""
    width = (len(interests), interests.shape[1], items.shape[1])
    chosen = mask.unsqueeze(1).expand(width) if representative is None else representative
    strangers = ZERO(len(items), 2, items.shape[-1])
    none = ZERO(len(items), 2, dtype=torch.bool)
    return re4.recontrast_loss(
        interests, items, mask, chosen, strangers, none, temperature=temperature
    )


CASES = {
    "even shares": (regularisers.uniformity_loss, [torch.full((4,), 0.25)]),
    "one share": (regularisers.uniformity_loss, [ONES(1)]),
    "all in one category": (
        lambda a: regularisers.uniformity_loss(regularisers.category_shares(a)),
        [torch.eye(3)[:1].expand(5, 3)],
    ),
    "certain assignment": (opal.unique_loss, [torch.eye(3)]),
    "even assignment": (opal.unique_loss, [torch.full((5, 64), 1 / 64)]),
    "equal categories": (regularisers.orthogonality_loss, [ONES(4, 3) / 3**0.5]),
    "empty rows": (lambda a: remi.attention_variation(a, NOWHERE), [ZERO(2, 4, 3)]),
    "one item": (
        lambda a: remi.attention_variation(a, ONE),
        [ONE.unsqueeze(-1).expand(2, 4, 3).float()],
    ),
    "re-attend to one item": (
        lambda s, a: re4.reattend_loss(s, a, ONE),
        [ONES(2, 3, 4), torch.where(ONE.unsqueeze(1), 0.0, -3e38).expand(2, 3, 4)],
    ),
    "re-attend to nothing": (
        lambda s, a: re4.reattend_loss(s, a, NOWHERE),
        [ONES(2, 3, 4), torch.full((2, 3, 4), -3e38)],
    ),
    "re-contrast of zeros": (lambda u, x: recontrast(u, x, ONE), [ZERO(2, 3, 5), ZERO(2, 4, 5)]),
    "re-contrast without negatives": (
        lambda u, x: recontrast(u, x, ONE),
        [ONES(2, 1, 5), ONES(2, 4, 5)],
    ),
    "re-contrast of a low temperature": (
        lambda u, x: recontrast(u, x, ONE, temperature=1e-6),
        [ONES(2, 2, 5), -ONES(2, 4, 5)],
    ),
    "re-contrast without representatives": (
        lambda u, x: recontrast(u, x, ONE, representative=ZERO(2, 3, 4, dtype=torch.bool)),
        [ONES(2, 3, 5), ONES(2, 4, 5)],
    ),
    "reconstruct nothing": (re4.reconstruct_loss, [ZERO(0, 3), ZERO(0, 3)]),
    "quantise nothing": (vqcodebook.quantisation_loss, [ZERO(0, 3), ZERO(0, 3)]),
    "items on their codes": (vqcodebook.quantisation_loss, [ONES(2, 3), ONES(2, 3)]),
    "one pair": (lambda a, b: contrastive.agreement_losses(a, b, 0.1), [ONES(1, 3), ONES(1, 3)]),
    "pairs of zeros": (
        lambda a, b: cmi.view_contrast(a, b, 1e-6),
        [ZERO(2, 3, 4), ZERO(2, 3, 4)],
    ),
    "one row": (
        lambda u, x: dssrec.seq2item_loss(u, x, torch.tensor([4]), temperature=1e-6),
        [ONES(1, 2, 3), ONES(1, 3)],
    ),
    "rows of the same item": (
        lambda u, x: dssrec.seq2item_loss(u, x, torch.tensor([4, 4, 4]), temperature=0.1),
        [ONES(3, 2, 3), ONES(3, 3)],
    ),
    "the smallest share": (
        lambda a, b: dssrec.seq2seq_loss(a, b, temperature=1e-6, kept_share=1e-6),
        [ONES(3, 2, 3), ONES(3, 2, 3)],
    ),
    "squash zeros": (squash, [ZERO(2, 3)]),
    "squash next to nothing": (squash, [TINY]),
    "squash long vectors": (squash, [torch.full((2, 3), 1e15)]),
    "a row without entries": (
        lambda v: pimi.softmax_by_row(v, torch.tensor([0, 0, 2]), 4),
        [torch.tensor([[1e30], [-1e30], [5.0]])],
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_value_and_gradients_are_finite(name):
    loss, tensors = CASES[name]
    leaves = [tensor.clone().requires_grad_() for tensor in tensors]
    value = loss(*leaves)
    assert value.isfinite().all()
    if value.requires_grad:
        gradients = torch.autograd.grad(value.sum(), leaves, allow_unused=True)
        assert all(gradient is None or gradient.isfinite().all() for gradient in gradients)

"""Interests told apart by what they should agree with (CMI, DSSRec)."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from recbole_opal.distributed.joint import joint_rows
from recbole_opal.precision import full_precision

__all__ = ["agreement_losses"]


class _LogPartition(torch.autograd.Function):
    """`log sum_j e^<a_i, b_j>` that writes one (S, S') matrix and passes over it few times."""

    @staticmethod
    def forward(context: Any, vectors: Tensor, others: Tensor) -> Tensor:
        """Keep the unnormalised softmax for the backward pass."""
        weights = vectors @ others.T  # (S, S'), at first the logits
        greatest = weights.amax(dim=-1, keepdim=True)
        sums = weights.sub_(greatest).exp_().sum(dim=-1, keepdim=True)  # (S, 1)
        context.save_for_backward(vectors, others, weights, sums)
        return (greatest + sums.log()).squeeze(-1)

    @staticmethod
    def backward(context: Any, *gradients: Tensor) -> tuple[Tensor, Tensor]:
        """Weigh the others of each row that has a gradient by its softmax."""
        vectors, others, weights, sums = context.saved_tensors
        scale = gradients[0].unsqueeze(-1) / sums  # (S, 1)
        rows = scale.squeeze(-1).nonzero().squeeze(-1)  # rows that a loss leaves out cost nothing
        softmax = weights[rows] * scale[rows]
        to_vectors = torch.zeros_like(vectors).index_copy(0, rows, softmax @ others)
        return to_vectors, softmax.T @ vectors[rows]


@full_precision  # the backward pass needs the dtypes of the forward pass
def agreement_losses(vectors: Tensor, others: Tensor, temperature: float) -> Tensor:
    """Return `-log softmax_j(<a_i, b_j> / temperature)` at j = i, for each i.

    (S,), >= 0, of the vectors a and the others b, (S, D) each. Source: InfoNCE with all other pairs
    of the batch as negatives, those of other processes too. It takes O(S^2) memory.
    """
    scaled = vectors / temperature
    partition: Tensor = _LogPartition.apply(scaled, joint_rows(others))  # type: ignore[no-untyped-call]
    return partition - (scaled * others).sum(dim=-1)

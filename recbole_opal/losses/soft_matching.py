"""The log-sum-exp of several interests' inner products, for many candidates at once."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from recbole_opal.precision import full_precision
from recbole_opal.retrieval.scoring import Scoring

__all__ = ["soft_inner_products"]


class _SoftInnerProducts(torch.autograd.Function):
    """Log-sum-exp over interests that keeps (B, M) numbers for the backward pass, not (B, K, M)."""

    @staticmethod
    def forward(context: Any, interests: Tensor, candidates: Tensor, temperature: float) -> Tensor:
        """Join the products of one interest after the other."""
        scores = Scoring(temperature).of(each @ candidates.T for each in interests.unbind(dim=1))
        context.save_for_backward(interests, candidates, scores)
        context.temperature = temperature
        return scores

    @staticmethod
    def backward(context: Any, *gradients: Tensor) -> tuple[Tensor, Tensor, None]:
        """Share each pair's gradient by responsibility, from products that are made again."""
        interests, candidates, scores = context.saved_tensors
        (gradient,) = gradients  # (B, M)
        to_interests = torch.empty_like(interests)
        to_candidates = torch.zeros_like(candidates)
        for number in range(interests.shape[1]):
            own = interests[:, number] @ candidates.T  # (B, M)
            own.sub_(scores).div_(context.temperature).exp_().mul_(gradient)
            to_interests[:, number] = own @ candidates
            to_candidates.addmm_(own.T, interests[:, number])
        return to_interests, to_candidates, None


@full_precision  # the backward pass needs the dtypes of the forward pass
def soft_inner_products(interests: Tensor, candidates: Tensor, temperature: float) -> Tensor:
    """Return `t log sum_j e^(<u_j, x_m> / t)` for every row and candidate, t the temperature.

    (B, M) of (B, K, D) and (M, D). Memory is O(B M) whatever K; the gradient is shared among the
    interests by their responsibilities, the softmax over j of the same.
    """
    if interests.shape[1] == 1:
        return interests[:, 0] @ candidates.T
    scores: Tensor = _SoftInnerProducts.apply(  # type: ignore[no-untyped-call]
        interests, candidates, temperature
    )
    return scores

"""How items belong to hyper-categories, and the soft interests pooled by it (OPAL, 2 and 3)."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from recbole_opal.interests.history import History
from recbole_opal.interests.unit import unit_length
from recbole_opal.precision import full_precision

__all__ = ["assign_softly", "hard_categories", "keep_hardest", "pool_softly"]

_LOWEST_EXPONENT = -90
"""A mass below this power of two, 1e-27, is nothing: gradients would be its inverse."""


@full_precision
def assign_softly(item_vectors: Tensor, categories: Tensor, temperature: float) -> Tensor:
    """Return `p_tj = softmax_j(<x_t, o_j> / temperature)`, (T, K), of unit (T, D) and (K, D)."""
    return (item_vectors @ categories.T / temperature).softmax(dim=-1)


def hard_categories(assignment: Tensor) -> Tensor:
    """Return the category each item belongs to most: (T,) int64; ties go to the first."""
    return assignment.argmax(dim=-1)


def keep_hardest(assignment: Tensor) -> Tensor:
    """Zero all of `assignment` (T, K) but each item's strongest category."""
    hardest = functional.one_hot(hard_categories(assignment), assignment.shape[-1])
    return assignment * hardest


def pool_softly(history: History, assignment: Tensor, categories: Tensor) -> Tensor:
    """Return `z_j = normalize(sum_t p_tj x_t)`, or `o_j` where category j holds nothing.

    Args:
        history: T items of B rows, vectors of unit length.
        assignment: (T, K) float.
        categories: (K, D) float, unit length.

    Returns:
        (B, K, D) float, unit length.
    """
    mass = history.sum_by_row(assignment)  # (B, K)
    enlarged = assignment * _enlarging(mass)[history.rows]  # (T, K)
    weighted = enlarged.unsqueeze(-1) * history.vectors.unsqueeze(1)  # (T, K, D)
    pooled = history.sum_by_row(weighted)  # (B, K, D)
    held = (mass > 2.0**_LOWEST_EXPONENT).unsqueeze(-1)
    return unit_length(torch.where(held, pooled, categories))


def _enlarging(mass: Tensor) -> Tensor:
    """Return (B, K), by what the shares are to be multiplied so that their mass is about 1.

    At a low temperature a category's mass may be 1e-20, and `normalize` takes such a length for 0.
    It is a power of two, which changes no bit of what is normalised.
    """
    with torch.no_grad():
        _, exponent = torch.frexp(mass)
        exponent = exponent.clamp_min(_LOWEST_EXPONENT)
        return torch.ldexp(torch.ones_like(mass), -exponent)

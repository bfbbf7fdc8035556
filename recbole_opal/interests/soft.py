"""Soft interests: the pre-training stage (OPAL, section 3)."""

from __future__ import annotations

import torch
from torch import Tensor

from recbole_opal.interests.history import History
from recbole_opal.interests.unit import unit_length

__all__ = ["pool_softly"]

_LOWEST_EXPONENT = -90
"""A mass below this power of two, 1e-27, is nothing: gradients would be its inverse."""


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

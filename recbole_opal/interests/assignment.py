"""How items belong to hyper-categories, and the soft interests pooled by it: OPAL, CMI."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from recbole_opal.interests.history import History
from recbole_opal.interests.unit import unit_length
from recbole_opal.precision import full_precision

__all__ = ["AssignedHistories", "CategoryEncoder", "assign_softly", "pool_softly"]

_LOWEST_EXPONENT = -90
"""A mass below this power of two, 1e-27, is nothing: gradients would be its inverse."""


@full_precision
def assign_softly(item_vectors: Tensor, categories: Tensor, temperature: float) -> Tensor:
    """Return `p_tj = softmax_j(<x_t, o_j> / temperature)`, (T, K), of unit (T, D) and (K, D)."""
    return (item_vectors @ categories.T / temperature).softmax(dim=-1)


def pool_softly(history: History, assignment: Tensor, categories: Tensor) -> Tensor:
    """Return `z_j = normalize(sum_t p_tj x_t)`, (B, K, D), or `o_j` where category j holds nothing.

    Of T items, their (T, K) assignment and the (K, D) categories; all vectors have unit length.
    Where a history has weights, `p_tj` is taken times the item's.
    """
    share = history.weigh(assignment)  # (T, K)
    mass = history.sum_by_row(share)  # (B, K)
    enlarged = share * _enlarging(mass)[history.rows]  # (T, K)
    pooled = history.pool(enlarged)  # (B, K, D)
    held = (mass > 2.0**_LOWEST_EXPONENT).unsqueeze(-1)
    return unit_length(torch.where(held, pooled, categories))


def _enlarging(mass: Tensor) -> Tensor:
    """Return (B, K), by what the shares are to be multiplied so that their mass is about 1.

    At a low temperature a category's mass may be 1e-20, and `normalize` takes such a length for 0.
    It is a power of two, which changes no bit of what is normalised.
    """
    with torch.no_grad():
        exponent = mass.log2().floor().clamp_min(_LOWEST_EXPONENT)
        return torch.pow(2.0, -exponent)


@dataclass(frozen=True)
class AssignedHistories:
    """What an encoder that sorts items by interests knows of a batch."""

    interests: Tensor  # (B, K, D) float, unit length where categories sort
    assignment: Tensor  # (T, K) float, of every item of the batch, rows sum to 1


class CategoryEncoder(nn.Module):
    """K learnable categories, orthogonal at the start, that sort the unit vectors of a history.

    K is at most the width, since more cannot be orthogonal.
    """

    def __init__(self, num_interests: int, width: int, temperature: float) -> None:
        super().__init__()
        self.temperature = temperature
        self.categories = nn.Parameter(torch.empty(num_interests, width))
        nn.init.orthogonal_(self.categories)

    def unit_categories(self) -> Tensor:
        """Return the category vectors, (K, D), unit length."""
        return unit_length(self.categories)

    def sort(self, history: History) -> tuple[Tensor, AssignedHistories]:
        """Return the unit categories, and the soft interests with the assignment."""
        categories = self.unit_categories()
        assignment = assign_softly(history.vectors, categories, self.temperature)  # (T, K)
        pooled = pool_softly(history, assignment, categories)  # (B, K, D)
        return categories, AssignedHistories(pooled, assignment)

"""Hard, evolved interests: the fine-tuning stage (OPAL, section 4)."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from recbole_opal.interests.assignment import hard_categories
from recbole_opal.interests.subsequences import SubsequenceGRU

__all__ = ["InterestEvolution"]


class InterestEvolution(nn.Module):
    """Follow each category's sub-sequence to its newest state: `h_j`.

    Source: OPAL, the hard stage: GRU -> linear -> ReLU -> unit length; an empty category gives
    `o_j`. Where a ReLU leaves nothing (all states negative) `o_j` stands in too; the authors'
    code keeps a zero vector there.

    Args:
        width: D.
        activation: "relu" as in the authors' code, or "none": a ReLU confines every h_j to the
            non-negative orthant.
        weighted_input: weigh each input by its assignment, 1 in the forward pass
            (straight-through), so that hyper-categories learn from h_j too.
    """

    def __init__(
        self, width: int, *, activation: Literal["relu", "none"], weighted_input: bool
    ) -> None:
        super().__init__()
        self.recurrence = SubsequenceGRU(width)
        self.output = nn.Linear(width, width)
        self.activation = activation
        self.weighted_input = weighted_input

    def forward(
        self, item_vectors: Tensor, assignment: Tensor, mask: Tensor, categories: Tensor
    ) -> Tensor:
        """Return the evolved interests.

        Args:
            item_vectors: (B, L, D) float, unit length.
            assignment: (B, L, K) float.
            mask: (B, L) bool, True where there is an item.
            categories: (K, D) float, unit length.

        Returns:
            (B, K, D) float, unit length.
        """
        chosen = hard_categories(assignment)  # (B, L)
        inputs = item_vectors
        if self.weighted_input:
            weight = assignment.amax(dim=-1, keepdim=True)  # (B, L, 1)
            inputs = inputs * (1 + weight - weight.detach())
        num_interests = len(categories)
        states = self.recurrence(inputs, chosen, mask, num_interests)  # (B, K, D)
        evolved = self.output(states)
        if self.activation == "relu":
            evolved = evolved.relu()
        counts = functional.one_hot(chosen, num_interests).mul(mask.unsqueeze(-1)).sum(dim=1)
        usable = (counts > 0) & (evolved.detach().abs().amax(dim=-1) > 0)  # (B, K)
        filled = torch.where(usable.unsqueeze(-1), evolved, categories)
        return functional.normalize(filled, dim=-1)

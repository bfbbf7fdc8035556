"""Hard, evolved interests: the fine-tuning stage (OPAL, section 4)."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from recbole_opal.interests.assignment import hard_categories
from recbole_opal.interests.history import History
from recbole_opal.interests.subsequences import SubsequenceGRU
from recbole_opal.interests.unit import unit_length

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

    def forward(self, history: History, assignment: Tensor, categories: Tensor) -> Tensor:
        """Return the evolved interests.

        Args:
            history: T items of B rows, vectors of unit length.
            assignment: (T, K) float.
            categories: (K, D) float, unit length.

        Returns:
            (B, K, D) float, unit length.
        """
        num_interests = len(categories)
        chosen = hard_categories(assignment)  # (T,)
        if self.weighted_input:
            weight = assignment.amax(dim=-1, keepdim=True)  # (T, 1)
            history = replace(history, vectors=history.vectors * (1 + weight - weight.detach()))
        evolved = self.output(self.recurrence(history, chosen, num_interests))  # (B, K, D)
        if self.activation == "relu":
            evolved = evolved.relu()
        counts = history.sum_by_row(functional.one_hot(chosen, num_interests))  # (B, K)
        usable = (counts > 0) & (evolved.detach().abs().amax(dim=-1) > 0)
        filled = torch.where(usable.unsqueeze(-1), evolved, categories)
        return unit_length(filled)

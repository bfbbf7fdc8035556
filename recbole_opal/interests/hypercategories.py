"""OPAL's encoder: a history in, an interest for each hyper-category out."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from recbole_opal.interests.assignment import (
    assign_softly,
    hard_categories,
    keep_hardest,
    pool_softly,
)
from recbole_opal.interests.history import History
from recbole_opal.interests.subsequences import SubsequenceGRU
from recbole_opal.interests.unit import unit_length

__all__ = ["EncodedHistories", "HypercategoryEncoder", "InterestEvolution"]


@dataclass(frozen=True)
class EncodedHistories:
    """What the encoder knows of a batch."""

    interests: Tensor  # (B, K, D) float, unit length
    assignment: Tensor  # (T, K) float, of every item of the batch
    # (T, K) float, the part of the assignment the stage uses: all of it, or each item's
    # strongest
    kept: Tensor
    history: History  # what was encoded

    @property
    def shares(self) -> Tensor:
        """(B, K) float, each interest's share of the history."""
        mass = self.history.sum_by_row(self.kept)  # (B, K)
        return mass / mass.sum(dim=-1, keepdim=True).clamp_min(torch.finfo(mass.dtype).tiny)


class HypercategoryEncoder(nn.Module):
    """K learnable, orthogonal hyper-categories that sort a history into interests.

    Stage "soft" pools items by their assignment (`z_j`); stage "hard" joins to it where the
    category's own sub-sequence leads (`h_j`): `u_j = normalize((1 - w) z_j + w h_j)`.

    Args:
        num_interests: K >= 1, at most `width`, since more cannot be orthogonal.
        fusion_weight: w in [0, 1] of "fixed" fusion; 1 keeps h_j alone.
        fusion: "fixed", or "learned": `u_j = normalize(z_j + g_j h_j)` with a gate g_j for each
            category that starts at 0, so that entering the hard stage changes nothing until the
            GRU has learnt something.
    """

    def __init__(
        self,
        num_interests: int,
        width: int,
        *,
        temperature: float = 0.1,
        fusion_weight: float = 0.5,
        fusion: Literal["fixed", "learned"] = "fixed",
        activation: Literal["relu", "none"] = "relu",
        weighted_input: bool = False,
    ) -> None:
        super().__init__()
        self.temperature = temperature
        self.fusion_weight = fusion_weight
        self.categories = nn.Parameter(torch.empty(num_interests, width))
        nn.init.orthogonal_(self.categories)
        self.evolution = InterestEvolution(
            width, activation=activation, weighted_input=weighted_input
        )
        self.gate = nn.Parameter(torch.zeros(num_interests, 1)) if fusion == "learned" else None

    def unit_categories(self) -> Tensor:
        """Return the hyper-category vectors, (K, D), unit length."""
        return unit_length(self.categories)

    def forward(self, history: History, stage: str) -> EncodedHistories:
        """Encode histories of unit vectors in stage "soft" or "hard"."""
        categories = self.unit_categories()
        assignment = assign_softly(history.vectors, categories, self.temperature)  # (T, K)
        interests = pool_softly(history, assignment, categories)  # (B, K, D)
        kept = assignment
        if stage == "hard":
            interests = self._fuse(interests, self.evolution(history, assignment, categories))
            kept = keep_hardest(assignment)
        return EncodedHistories(interests, assignment, kept, history)

    def _fuse(self, pooled: Tensor, evolved: Tensor) -> Tensor:
        if self.gate is not None:
            return unit_length(pooled + self.gate * evolved)
        weight = self.fusion_weight
        return unit_length((1 - weight) * pooled + weight * evolved)


class InterestEvolution(nn.Module):
    """Follow each category's sub-sequence to its newest state: `h_j`.

    Source: OPAL, the hard stage: GRU -> linear -> ReLU -> unit length; an empty category gives
    `o_j`. Where a ReLU leaves nothing (all states negative) `o_j` stands in too; the authors'
    code keeps a zero vector there.

    Args:
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
        """Return the evolved interests, (B, K, D), unit length; arguments as in `pool_softly`."""
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
        return unit_length(torch.where(usable.unsqueeze(-1), evolved, categories))

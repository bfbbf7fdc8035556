"""CMI's encoder: interests by orthogonal categories, each joined by the user's general interest."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from recbole_opal.interests.assignment import assign_softly, pool_softly
from recbole_opal.interests.history import History
from recbole_opal.interests.subsequences import SubsequenceGRU
from recbole_opal.interests.unit import unit_length

__all__ = ["AssignedHistories", "GeneralInterest", "GeneralisedEncoder"]


@dataclass(frozen=True)
class AssignedHistories:
    """What the encoder knows of a batch."""

    interests: Tensor  # (B, K, D) float, unit length
    assignment: Tensor  # (T, K) float, of every item of the batch, rows sum to 1


class GeneralInterest(nn.Module):
    """One vector a user that reads the whole history in order: `g`.

    Source: CMI: GRU over the full history -> linear -> ReLU -> unit length. A single layer
    without bias, as in the hard stage of OPAL by the same authors.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.recurrence = SubsequenceGRU(width)
        self.output = nn.Linear(width, width)

    def forward(self, history: History) -> Tensor:
        """Return (B, 1, D) float, unit length, or zero where the ReLU leaves nothing."""
        states = self.recurrence(history, torch.zeros_like(history.rows), 1)  # (B, 1, D)
        return unit_length(self.output(states).relu())


class GeneralisedEncoder(nn.Module):
    """`u_j = normalize(z_j + g)`: the soft interest of category j and the general interest.

    Source: Li et al., Improving Micro-video Recommendation via Contrastive Multiple Interests,
    SIGIR 2022.

    Args:
        num_interests: K >= 1, at most `width`, since more cannot be orthogonal.
    """

    def __init__(self, num_interests: int, width: int, *, temperature: float) -> None:
        super().__init__()
        self.temperature = temperature
        self.categories = nn.Parameter(torch.empty(num_interests, width))
        nn.init.orthogonal_(self.categories)
        self.general = GeneralInterest(width)

    def unit_categories(self) -> Tensor:
        """Return the category vectors, (K, D), unit length."""
        return unit_length(self.categories)

    def forward(self, history: History) -> AssignedHistories:
        """Encode histories of unit vectors."""
        categories = self.unit_categories()
        assignment = assign_softly(history.vectors, categories, self.temperature)  # (T, K)
        pooled = pool_softly(history, assignment, categories)  # (B, K, D)
        return AssignedHistories(unit_length(pooled + self.general(history)), assignment)

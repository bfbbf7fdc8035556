"""A user's general interest, beside the interests by category (CMI)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from recbole_opal.interests.history import History
from recbole_opal.interests.subsequences import SubsequenceGRU
from recbole_opal.interests.unit import unit_length

__all__ = ["GeneralInterest"]


class GeneralInterest(nn.Module):
    """One vector a user that reads the whole history in order: `g`.

    Source: CMI: GRU over the full history -> linear -> ReLU -> unit length. A single layer
    without bias, as in the hard stage of OPAL by the same authors.

    Args:
        width: D.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.recurrence = SubsequenceGRU(width)
        self.output = nn.Linear(width, width)

    def forward(self, history: History) -> Tensor:
        """Return (B, 1, D) float, unit length, or zero where the ReLU leaves nothing.

        Args:
            history: T items of B rows.
        """
        states = self.recurrence(history, torch.zeros_like(history.rows), 1)  # (B, 1, D)
        return unit_length(self.output(states).relu())

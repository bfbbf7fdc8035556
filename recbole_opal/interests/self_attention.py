"""Interests by structured self-attention (ComiRec-SA)."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from recbole_opal.interests.history import History

__all__ = ["AttendedHistories", "SelfAttentiveInterests"]


@dataclass(frozen=True)
class AttendedHistories:
    """Interests and how they came about."""

    interests: Tensor  # (B, K, D) float
    # (B, L, K) float, sums to 1 over the items of a row, 0 for padding and for an empty row
    attention: Tensor
    mask: Tensor  # (B, L) bool, True where there is an item


class SelfAttentiveInterests(nn.Module):
    """Each interest is a weighted mean of the history, its weights from a small network.

    `A = softmax_t(W2 tanh(W1 (H + P)))`, `V = A H`. Source: Cen et al., Controllable
    Multi-Interest Framework for Recommendation, KDD 2020 (ComiRec-SA); both layers have a bias
    as in its TensorFlow code.

    Args:
        attention_width: hidden width of the network, 4 D in the paper.
        placed_values: whether V is taken over vectors with positions, as in DeepMatch, and not
            over H alone, as in the authors' code and in REMI.
    """

    def __init__(
        self,
        num_interests: int,
        width: int,
        *,
        attention_width: int,
        max_length: int,
        placed_values: bool = False,
    ) -> None:
        super().__init__()
        self.placed_values = placed_values
        self.positions = nn.Parameter(torch.empty(max_length, width))
        nn.init.normal_(self.positions, std=width**-0.5)
        self.hidden = nn.Linear(width, attention_width)
        self.output = nn.Linear(attention_width, num_interests)

    def forward(self, history: History) -> Tensor:
        """Return the interests, (B, K, D); zero for an empty history."""
        return self.attend(history).interests

    def attend(self, history: History) -> AttendedHistories:
        """Return the interests with their attention, for losses that read it."""
        vectors, mask = history.padded()  # (B, L, D), (B, L)
        placed = vectors + self.positions[: vectors.shape[1]]
        logits = self.output(self.hidden(placed).tanh())  # (B, L, K)
        floor = torch.finfo(logits.dtype).min
        real = mask.unsqueeze(-1)  # (B, L, 1)
        attention = logits.masked_fill(~real, floor).softmax(dim=1) * real
        values = placed if self.placed_values else vectors
        return AttendedHistories(torch.einsum("blk,bld->bkd", attention, values), attention, mask)

"""Interests by structured self-attention, which ComiRec-SA and REMI share, and their settings."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from recbole_opal.interests.history import History
from recbole_opal.settings.models.self_attention import SelfAttentionSettings

__all__ = ["AttendedHistories", "SelfAttentionSettings", "SelfAttentiveInterests"]


@dataclass(frozen=True)
class AttendedHistories:
    """Interests and how they came about."""

    interests: Tensor  # (B, K, D) float, zero for an empty history
    # (B, L, K) float, sums to 1 over the items of a row, 0 for padding and for an empty row
    attention: Tensor
    mask: Tensor  # (B, L) bool, True where there is an item


class SelfAttentiveInterests(nn.Module):
    """Each interest is a weighted mean of the history, its weights from a small network.

    `A = softmax_t(W2 tanh(W1 (H + P)))`, `V = A H`. Source: Cen et al., Controllable
    Multi-Interest Framework for Recommendation, KDD 2020 (ComiRec-SA); both layers have a bias
    as in its TensorFlow code. Weights of a history come into the softmax as their logarithms.

    Args:
        settings: widths and K.
        longest_history: L, so many positions are learnt.
        placed_values: whether V is taken over vectors with positions, as in DeepMatch, and not
            over H alone, as in the authors' code and in REMI.
    """

    def __init__(
        self, settings: SelfAttentionSettings, longest_history: int, *, placed_values: bool = False
    ) -> None:
        super().__init__()
        width, hidden = settings.hidden_size, settings.attention_size
        self.placed_values = placed_values
        self.positions = nn.Parameter(torch.empty(longest_history, width))
        nn.init.normal_(self.positions, std=width**-0.5)
        self.hidden = nn.Linear(width, hidden)
        self.output = nn.Linear(hidden, settings.num_interests)

    def forward(self, history: History) -> AttendedHistories:
        """Return the interests with their attention, for losses that read it."""
        vectors, mask = history.padded()  # (B, L, D), (B, L)
        placed = vectors + self.positions[: vectors.shape[1]]
        logits = self.output(self.hidden(placed).tanh())  # (B, L, K)
        weights = history.padded_log_weights()
        if weights is not None:
            logits = logits + weights.unsqueeze(-1)
        floor = torch.finfo(logits.dtype).min
        real = mask.unsqueeze(-1)  # (B, L, 1)
        attention = logits.masked_fill(~real, floor).softmax(dim=1) * real
        values = placed if self.placed_values else vectors
        return AttendedHistories(torch.einsum("blk,bld->bkd", attention, values), attention, mask)

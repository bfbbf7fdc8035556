"""A learned prior of a user's interests."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from recbole_opal.precision import full_precision

__all__ = ["InterestGate"]


class InterestGate(nn.Module):
    """`log g_j`, which of a user's interests the next item comes from before the item is known.

    Source: BACH (arXiv:2607.08107): a mixture over interests with a gate. Its gate is fitted to the
    posterior of the mixture; here it is a part of the score that the retrieval loss trains. The
    logits are linear in the interest and in the logarithm of its share of the history, with the
    same weights for all interests. They start at 0, an even gate, and have no weight decay.

    Args:
        width: D.
    """

    without_decay = True  # see `recbole_opal.training.optimizer`

    def __init__(self, width: int) -> None:
        super().__init__()
        self.weights = nn.Parameter(torch.zeros(width + 1))

    @full_precision
    def forward(self, interests: Tensor, log_shares: Tensor) -> Tensor:
        """Return the logarithm of the gate, (B, K), of (B, K, D) interests and (B, K) shares."""
        logits = interests @ self.weights[:-1] + log_shares * self.weights[-1]
        return logits.log_softmax(dim=-1)

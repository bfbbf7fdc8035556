"""Self-attention over histories in which no item sees what comes after it."""

from __future__ import annotations

from contextlib import nullcontext

import torch
from torch import Tensor, nn

from recbole_opal.distributed.draws import own_draws

__all__ = ["CausalTransformer"]


class CausalTransformer(nn.Module):
    """Self-attention layers over item vectors with learnt positions.

    Source: Kang & McAuley, Self-Attentive Sequential Recommendation, ICDM 2018: each part
    normalises its input, and a last normalisation follows. Padding stands after all items of a
    row, so the causal mask keeps every item from seeing it; states of padding are to be masked
    by the caller.

    Args:
        width: D.
        max_length: of the longest history.
        layers: how many.
        heads: of the attention, a divisor of the width.
        inner: width of the feed-forward parts.
        dropout: share of entries dropped inside the layers; each process draws for itself.
    """

    def __init__(
        self, width: int, max_length: int, *, layers: int, heads: int, inner: int, dropout: float
    ) -> None:
        super().__init__()
        self.positions = nn.Parameter(torch.empty(max_length, width))
        nn.init.normal_(self.positions, std=width**-0.5)  # length close to 1, like items
        layer = nn.TransformerEncoderLayer(
            width, heads, inner, dropout, batch_first=True, norm_first=True
        )
        self.dropout = dropout
        norm = nn.LayerNorm(width)
        self.layers = nn.TransformerEncoder(layer, layers, norm, enable_nested_tensor=False)

    def forward(self, vectors: Tensor) -> Tensor:
        """Return the state at each place of right-padded (B, L, D)."""
        length = vectors.shape[1]
        hidden = torch.ones(length, length, dtype=torch.bool, device=vectors.device).triu(1)
        placed = vectors + self.positions[:length]
        dropping = self.training and self.dropout > 0
        with own_draws(vectors.device) if dropping else nullcontext():
            states: Tensor = self.layers(placed, mask=hidden, is_causal=True)
        return states

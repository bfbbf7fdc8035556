"""States of a history that see only what came before (SASRec's encoder)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

__all__ = ["CausalTransformer"]


class CausalTransformer(nn.Module):
    """Self-attention layers over item vectors with learnt positions.

    Source: Kang & McAuley, Self-Attentive Sequential Recommendation, ICDM 2018: each part
    normalises its input, and a last normalisation follows. Padding stands after all items of a
    row, so the causal mask keeps every item from seeing it; states of padding are to be masked
    by the caller.

    Args:
        heads: attention heads, a divisor of `width`.
    """

    def __init__(
        self,
        width: int,
        *,
        max_length: int,
        layers: int,
        heads: int,
        inner_width: int,
        dropout: float,
    ) -> None:
        super().__init__()
        self.positions = nn.Parameter(torch.empty(max_length, width))
        nn.init.normal_(self.positions, std=width**-0.5)  # length close to 1, like items
        layer = nn.TransformerEncoderLayer(
            width, heads, inner_width, dropout, batch_first=True, norm_first=True
        )
        self.layers = nn.TransformerEncoder(
            layer, layers, norm=nn.LayerNorm(width), enable_nested_tensor=False
        )

    def forward(self, vectors: Tensor) -> Tensor:
        """Return the state at each place of right-padded (B, L, D)."""
        length = vectors.shape[1]
        hidden = torch.ones(length, length, dtype=torch.bool, device=vectors.device).triu(1)
        placed = vectors + self.positions[:length]
        states: Tensor = self.layers(placed, mask=hidden, is_causal=True)
        return states

"""PIMI's encoder: a timed history in, K interests out."""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor, nn

from recbole_opal.interests.history import History
from recbole_opal.interests.star_graph import StarGraph, softmax_by_row
from recbole_opal.interests.time_gaps import TimeGapEncoding

__all__ = ["PeriodicInterests"]


class PeriodicInterests(nn.Module):
    """Self-attentive interests whose weights know of time gaps and of neighbouring items.

    `E = H + P + time gaps`, `F = graph(E)`, `A = softmax_t(W2 tanh(W1 F))`, `V = A H`. Source:
    Chen et al., PIMI, IJCAI 2021; V is taken over the items' raw vectors, as there. Positions
    count from the oldest item of the window.
    """

    def __init__(
        self,
        num_interests: int,
        width: int,
        *,
        attention_width: int,
        max_length: int,
        time_unit: float,
        time_span: int,
        graph_layers: int,
    ) -> None:
        super().__init__()
        self.positions = nn.Parameter(torch.empty(max_length, width))
        nn.init.normal_(self.positions, std=width**-0.5)
        self.time_gaps = TimeGapEncoding(width, unit=time_unit, span=time_span)
        self.graph = StarGraph(width, layers=graph_layers)
        self.hidden = nn.Linear(width, attention_width)
        self.output = nn.Linear(attention_width, num_interests)

    def forward(self, history: History) -> Tensor:
        """Return the interests of timed histories, (B, K, D); zero for an empty one."""
        placed = history.vectors + self.positions[history.columns()] + self.time_gaps(history)
        states = self.graph(replace(history, vectors=placed))  # (T, D)
        logits = self.output(self.hidden(states).tanh())  # (T, K)
        weights = softmax_by_row(logits, history.rows, history.num_rows)
        both = torch.cat([weights, history.vectors], dim=1)  # padded together, once
        padded, _ = replace(history, vectors=both).padded()  # (B, L, K + D)
        num_interests = weights.shape[1]
        return padded[..., :num_interests].transpose(1, 2) @ padded[..., num_interests:]

"""A recurrent network over each category's part of a history, packed without waste."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence

__all__ = ["SubsequenceGRU", "SubsequenceLayout", "lay_out_subsequences"]


@dataclass(frozen=True)
class SubsequenceLayout:
    """Where each item of a batch stands once histories are cut up by category.

    A batch holds `B * K` sub-sequences, numbered `b * K + category`; together they are as long
    as the histories they came from.

    Attributes:
        positions: (T,) int64, positions in the flattened (B * L) histories in packed order.
        batch_sizes: (longest,) int64 on the CPU, how many sub-sequences have an r-th item.
        order: (S,) int64, the S non-empty sub-sequences from longest to shortest.
    """

    positions: Tensor
    batch_sizes: Tensor
    order: Tensor


def lay_out_subsequences(categories: Tensor, mask: Tensor, num_interests: int) -> SubsequenceLayout:
    """Cut histories up by category, keeping time order.

    Args:
        categories: (B, L) int64, the category of each item.
        mask: (B, L) bool, True where there is an item.
        num_interests: K.
    """
    batch, _ = categories.shape
    positions = mask.reshape(-1).nonzero().squeeze(1)  # (T,)
    owner = torch.arange(batch, device=categories.device).unsqueeze(1) * num_interests
    sequence = (categories + owner).reshape(-1)[positions]  # (T,)
    by_sequence = torch.argsort(sequence, stable=True)  # within a sub-sequence: time order
    positions, sequence = positions[by_sequence], sequence[by_sequence]
    lengths = torch.bincount(sequence, minlength=batch * num_interests)  # (B * K,)
    starts = lengths.cumsum(0) - lengths
    rank = torch.arange(len(sequence), device=sequence.device) - starts[sequence]  # (T,)

    order = torch.argsort(lengths, descending=True, stable=True)
    place = torch.empty_like(order)
    place[order] = torch.arange(len(order), device=order.device)
    num_filled = int((lengths > 0).sum())
    packed = torch.argsort(rank * len(order) + place[sequence])
    return SubsequenceLayout(
        positions=positions[packed],
        batch_sizes=torch.bincount(rank).cpu(),
        order=order[:num_filled],
    )


class SubsequenceGRU(nn.Module):
    """One GRU, shared by the categories, run over every sub-sequence of a batch.

    It takes as many steps in all as the histories have items, not K times as many; source:
    OPAL's hard stage, a single layer without bias.

    Args:
        width: D.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.gru = nn.GRU(width, width, bias=False)

    def forward(
        self, inputs: Tensor, categories: Tensor, mask: Tensor, num_interests: int
    ) -> Tensor:
        """Return the last state of each sub-sequence.

        Args:
            inputs: (B, L, D) float.
            categories: (B, L) int64.
            mask: (B, L) bool, True where there is an item.
            num_interests: K.

        Returns:
            (B, K, D) float, zero where a category holds nothing.
        """
        batch, _, width = inputs.shape
        layout = lay_out_subsequences(categories, mask, num_interests)
        states = inputs.new_zeros(batch * num_interests, width)
        if len(layout.positions) == 0:
            return states.view(batch, num_interests, width)
        data = inputs.reshape(-1, width)[layout.positions]  # (T, D)
        _, last = self.gru(PackedSequence(data, layout.batch_sizes))  # (1, S, D)
        states = states.index_copy(0, layout.order, last.squeeze(0).to(states.dtype))
        return states.view(batch, num_interests, width)

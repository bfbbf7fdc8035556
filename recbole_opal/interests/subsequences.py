"""A recurrent network over each category's part of a history, packed without waste."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence

from recbole_opal.interests.category_scan import scan_categories
from recbole_opal.interests.history import History
from recbole_opal.interests.packed_gru import last_states
from recbole_opal.interests.padded_history import PaddedHistory

__all__ = ["SubsequenceGRU", "SubsequenceLayout", "lay_out_subsequences"]


@dataclass(frozen=True)
class SubsequenceLayout:
    """Where each item of a batch stands once histories are cut up by category."""

    # (T,) int64, the items in packed order: first all first ones of a sub-sequence, then all
    # second ones, the longest sub-sequence always in front
    positions: Tensor
    batch_sizes: Tensor  # (longest,) int64 on the CPU, how many sub-sequences have an r-th item
    order: Tensor  # (S,) int64, the S non-empty sub-sequences from longest to shortest


def lay_out_subsequences(owners: Tensor, num_subsequences: int) -> SubsequenceLayout:
    """Lay out sub-sequences for a packed recurrent network, keeping the order within each.

    `owners`, (T,) int64, is the sub-sequence of each item.
    """
    by_owner = torch.argsort(owners, stable=True)  # within a sub-sequence: time order
    owners = owners[by_owner]
    ones = torch.ones_like(owners)  # a count by `bincount` would wait for a GPU
    lengths = owners.new_zeros(num_subsequences).scatter_add_(0, owners, ones)
    starts = lengths.cumsum(0) - lengths
    rank = torch.arange(len(owners), device=owners.device) - starts[owners]  # (T,)
    order = torch.argsort(lengths, descending=True, stable=True)
    place = torch.empty_like(order)
    place[order] = torch.arange(len(order), device=order.device)
    packed = torch.argsort(rank * num_subsequences + place[owners])
    # The one thing that a recurrent network must know on the host.
    with_length = torch.bincount(lengths.cpu())[1:]  # how many sub-sequences have just 1, 2, ...
    batch_sizes = with_length.flip(0).cumsum(0).flip(0)
    return SubsequenceLayout(by_owner[packed], batch_sizes, order[: int(batch_sizes[0])])


class SubsequenceGRU(nn.Module):
    """One GRU, shared by the categories, run over every sub-sequence of a batch.

    It takes as many steps in all as the histories have items, not K times as many; source:
    OPAL's hard stage, a single layer without bias.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.gru = nn.GRU(width, width, bias=False)

    def forward(self, history: History, categories: Tensor, num_interests: int) -> Tensor:
        """Return the last state of each category's items, (B, K, D), zero where there is none.

        `categories`, (T,) int64, is the category of each item.
        """
        if isinstance(history, PaddedHistory):
            return scan_categories(self.gru, history, categories, num_interests)
        width = history.vectors.shape[1]
        total = history.num_rows * num_interests
        states = history.vectors.new_zeros(total, width)
        if len(history.rows) > 0:
            layout = lay_out_subsequences(history.rows * num_interests + categories, total)
            last = self._run(history, layout)  # (S, D)
            states = states.index_copy(0, layout.order, last.to(states.dtype))
        return states.view(history.num_rows, num_interests, width)

    def _run(self, history: History, layout: SubsequenceLayout) -> Tensor:
        """Return the last states, (S, D), of packed items: torch's GRU, or ours where it is faster.

        Ours knows processors and one dtype only.
        """
        vectors = history.vectors
        kind, dtype = vectors.device.type, self.gru.weight_ih_l0.dtype
        if kind != "cpu" or torch.is_autocast_enabled(kind) or vectors.dtype != dtype:
            packed = PackedSequence(vectors[layout.positions], layout.batch_sizes)
            last: Tensor = self.gru(packed)[1]  # (1, S, D)
            return last.squeeze(0)
        of_items, of_states = self.gru.all_weights[0]
        sizes = layout.batch_sizes.tolist()
        if history.distinct is None:
            return last_states(vectors[layout.positions], of_items, of_states, sizes)
        vectors, places = history.distinct
        return last_states(vectors, of_items, of_states, sizes, places[layout.positions])

"""Rows of about the same length together, for encoders that pad."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from recbole_opal.interests.history import History

__all__ = ["group_by_length"]


def group_by_length(history: History, size: int) -> Iterator[tuple[History, Tensor, Tensor]]:
    """Yield at most `size` rows at a time, from the shortest to the longest histories.

    Rows of a group are about equally long, so that padding them costs little. With each come the
    rows of the batch that they are, (G,), and where their items stand in the batch, (T',). Of a
    batch without rows comes one group without rows.
    """
    starts = history.lengths.cumsum(0) - history.lengths
    order = history.lengths.argsort(stable=True)
    for start in range(0, max(history.num_rows, 1), size):
        rows = order[start : start + size]
        counts = history.lengths[rows]  # (G,)
        owners = torch.repeat_interleave(counts)  # (T',)
        within = torch.arange(len(owners), device=owners.device)
        within = within - (counts.cumsum(0) - counts)[owners]
        positions = starts[rows][owners] + within
        weights = history.log_weights
        weights = None if weights is None else weights[positions]
        yield History(history.vectors[positions], counts, log_weights=weights), rows, positions

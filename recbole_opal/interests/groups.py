"""Histories of similar length together, so that padding them costs little."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from recbole_opal.interests.history import History

__all__ = ["HistoryGroup", "group_by_length"]


@dataclass(frozen=True)
class HistoryGroup:
    """Some rows of a batch.

    Attributes:
        history: the items of these rows, which are numbered from 0 here.
        rows: (G,) int64, which rows of the batch they are.
        positions: (T',) int64, where the items stand in the batch.
    """

    history: History
    rows: Tensor
    positions: Tensor


def group_by_length(history: History, size: int) -> Iterator[HistoryGroup]:
    """Yield groups of at most `size` rows, from the shortest to the longest histories.

    Args:
        history: T items of B rows.
        size: rows of a group, >= 1.
    """
    lengths = torch.bincount(history.rows, minlength=history.num_rows)
    starts = lengths.cumsum(0) - lengths
    order = lengths.argsort(stable=True)
    for start in range(0, history.num_rows, size):
        rows = order[start : start + size]
        counts = lengths[rows]  # (G,)
        owners = torch.repeat_interleave(counts)  # (T',)
        within = torch.arange(len(owners), device=owners.device)
        within = within - (counts.cumsum(0) - counts)[owners]
        positions = starts[rows][owners] + within
        times = None if history.times is None else history.times[positions]
        part = History(history.vectors[positions], owners, len(rows), times)
        yield HistoryGroup(part, rows, positions)

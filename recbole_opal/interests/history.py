"""Histories laid end to end, so that no arithmetic is spent on padding."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

__all__ = ["History", "HistoryGroup", "group_by_length"]


@dataclass(frozen=True)
class History:
    """The histories of a batch as vectors, one item after the other.

    Random cuts make most histories far shorter than the longest of a batch: padded to its
    width, four fifths of a batch of kuairand-pure would be padding.
    """

    vectors: Tensor  # (T, D) float, the items' vectors, row by row and oldest first
    lengths: Tensor  # (B,) int64, items of each row; a row may be empty
    # (T,) float64 seconds, when each item was met; None for models that do not ask
    times: Tensor | None = None

    @property
    def num_rows(self) -> int:
        """B."""
        return len(self.lengths)

    @cached_property
    def rows(self) -> Tensor:
        """(T,) int64, the row of each item, ascending."""
        numbers = torch.arange(self.num_rows, device=self.lengths.device)
        return numbers.repeat_interleave(self.lengths, output_size=len(self.vectors))

    def sum_by_row(self, values: Tensor) -> Tensor:
        """Add up (T, ...) values of the same row: (B, ...), zero for an empty row."""
        sums = values.new_zeros(self.num_rows, *values.shape[1:])
        return sums.index_add(0, self.rows, values)

    def columns(self) -> Tensor:
        """Return the place of each item in its row, (T,) int64, the oldest at 0."""
        starts = self.lengths.cumsum(0) - self.lengths
        return torch.arange(len(self.rows), device=self.rows.device) - starts[self.rows]

    def padded(self) -> tuple[Tensor, Tensor]:
        """Return the vectors right-padded with zeros, (B, L, D), and their mask, (B, L) bool."""
        width = int(self.lengths.max()) if self.num_rows else 0
        padded = self.vectors.new_zeros(self.num_rows, width, self.vectors.shape[1])
        mask = torch.arange(width, device=self.lengths.device) < self.lengths.unsqueeze(1)
        return padded.index_put((self.rows, self.columns()), self.vectors), mask


@dataclass(frozen=True)
class HistoryGroup:
    """Some rows of a batch."""

    history: History  # the items of these rows, which are numbered from 0 here
    rows: Tensor  # (G,) int64, which rows of the batch they are
    positions: Tensor  # (T',) int64, where the items stand in the batch


def group_by_length(history: History, size: int) -> Iterator[HistoryGroup]:
    """Yield groups of at most `size` rows, from the shortest to the longest histories.

    Rows of a group are about equally long, so that padding them costs little.
    """
    starts = history.lengths.cumsum(0) - history.lengths
    order = history.lengths.argsort(stable=True)
    for start in range(0, history.num_rows, size):
        rows = order[start : start + size]
        counts = history.lengths[rows]  # (G,)
        owners = torch.repeat_interleave(counts)  # (T',)
        within = torch.arange(len(owners), device=owners.device)
        within = within - (counts.cumsum(0) - counts)[owners]
        positions = starts[rows][owners] + within
        times = None if history.times is None else history.times[positions]
        yield HistoryGroup(History(history.vectors[positions], counts, times), rows, positions)

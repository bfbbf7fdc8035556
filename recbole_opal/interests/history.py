"""Histories laid end to end, so that no arithmetic is spent on padding."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

__all__ = ["History"]


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

"""Histories laid end to end, so that no arithmetic is spent on padding."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

__all__ = ["History"]


@dataclass(frozen=True)
class History:
    """The histories of a batch, one item after the other.

    Random cuts make most histories far shorter than the longest of a batch: padded to its
    width, four fifths of a batch of kuairand-pure would be padding.

    Attributes:
        vectors: (T, D) float, the items' vectors, row by row and oldest first.
        rows: (T,) int64, the row of each item, ascending, in [0, num_rows).
        num_rows: B; a row may be empty.
        times: (T,) float64 seconds, when each item was met; None for models that do not ask.
    """

    vectors: Tensor
    rows: Tensor
    num_rows: int
    times: Tensor | None = None

    def sum_by_row(self, values: Tensor) -> Tensor:
        """Add up what belongs to the same row.

        Args:
            values: (T, ...) float, one value for each item.

        Returns:
            (B, ...) float, zero for an empty row.
        """
        sums = values.new_zeros(self.num_rows, *values.shape[1:])
        return sums.index_add(0, self.rows, values)

    def columns(self) -> Tensor:
        """Return the place of each item in its row, (T,) int64, the oldest at 0."""
        lengths = torch.bincount(self.rows, minlength=self.num_rows)
        starts = lengths.cumsum(0) - lengths
        return torch.arange(len(self.rows), device=self.rows.device) - starts[self.rows]

    def padded(self) -> tuple[Tensor, Tensor]:
        """Return the vectors right-padded with zeros, (B, L, D), and their mask, (B, L) bool."""
        lengths = torch.bincount(self.rows, minlength=self.num_rows)
        width = int(lengths.max()) if self.num_rows else 0
        padded = self.vectors.new_zeros(self.num_rows, width, self.vectors.shape[1])
        mask = torch.arange(width, device=lengths.device) < lengths.unsqueeze(1)
        return padded.index_put((self.rows, self.columns()), self.vectors), mask

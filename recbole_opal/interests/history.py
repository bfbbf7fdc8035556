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

    def ends(self) -> tuple[Tensor, Tensor]:
        """Return which items are the oldest, and which the newest, of their rows: (T,) bool."""
        columns = self.columns()
        return columns == 0, columns == self.lengths[self.rows] - 1

    def hide_padding(self, logits: Tensor) -> Tensor:
        """Return (T, ...) logits with the lowest number at padding: as they are, there is none."""
        return logits

    @cached_property
    def mask(self) -> Tensor:
        """(B, L) bool, True where a padded history has an item."""
        width = int(self.lengths.max()) if self.num_rows else 0
        return torch.arange(width, device=self.lengths.device) < self.lengths.unsqueeze(1)

    def pad(self, values: Tensor, fill: float = 0.0) -> Tensor:
        """Return (T, C) values of the items right-padded, (B, L, C)."""
        padded = values.new_full((*self.mask.shape, values.shape[1]), fill)
        return padded.index_put((self.rows, self.columns()), values)

    def padded(self) -> tuple[Tensor, Tensor]:
        """Return the vectors right-padded with zeros, (B, L, D), and their mask, (B, L) bool."""
        return self.pad(self.vectors), self.mask

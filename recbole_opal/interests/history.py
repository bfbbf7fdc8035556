"""Histories laid end to end, so that no arithmetic is spent on padding."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor
from torch.nn import functional

from recbole_opal.interests.weighted_sums import sum_weighted

__all__ = ["History", "Repeats"]

_MANY = 0.75
"""Share of the items above which that some are met twice is not worth the search for them."""


@dataclass(frozen=True)
class Repeats:
    """Which vectors are the same, because they are of the same item.

    It holds for the very vectors it names: whoever puts others in their place, of which nothing is
    known, need not think of it.
    """

    ids: Tensor  # (T,) int64, of the items
    vectors: Tensor  # (T, D) float


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
    # (T,) float, logarithms of the items' weights, whose mean is 1 in each row; None: all are 1
    log_weights: Tensor | None = None
    repeats: Repeats | None = None  # None: it is not known which vectors are the same

    @property
    def num_rows(self) -> int:
        """B."""
        return len(self.lengths)

    @cached_property
    def rows(self) -> Tensor:
        """(T,) int64, the row of each item, ascending."""
        numbers = torch.arange(self.num_rows, device=self.lengths.device)
        return numbers.repeat_interleave(self.lengths, output_size=len(self.vectors))

    @cached_property
    def distinct(self) -> tuple[Tensor, Tensor] | None:
        """(U, D) float, each vector once, and (T,) int64, which of them an item has.

        None where most items have one of their own, or it is not known. A batch of kuairand-pure
        meets an item nearly four times.
        """
        if self.repeats is None or self.repeats.vectors is not self.vectors:
            return None
        known, places = torch.unique(self.repeats.ids, return_inverse=True)
        if len(known) > _MANY * len(places):
            return None
        numbers = torch.arange(len(places), device=places.device)
        met = torch.empty_like(known).scatter_(0, places, numbers)  # a place of each, any of them
        return functional.embedding(met, self.vectors), places

    def sum_by_row(self, values: Tensor) -> Tensor:
        """Add up (T, ...) values of the same row: (B, ...), zero for an empty row."""
        sums = values.new_zeros(self.num_rows, *values.shape[1:])
        return sums.index_add(0, self.rows, values)

    def pool(self, weights: Tensor) -> Tensor:
        """Add up the vectors of the same row under (T, K) weights: (B, K, D)."""
        return sum_weighted(self.vectors, weights, self.rows, self.lengths)

    def columns(self) -> Tensor:
        """Return the place of each item in its row, (T,) int64, the oldest at 0."""
        starts = self.lengths.cumsum(0) - self.lengths
        return torch.arange(len(self.rows), device=self.rows.device) - starts[self.rows]

    def newer(self) -> Tensor:
        """Return the number of newer items in the row of each item, (T,) int64."""
        return self.lengths[self.rows] - 1 - self.columns()

    def ends(self) -> tuple[Tensor, Tensor]:
        """Return which items are the oldest, and which the newest, of their rows: (T,) bool."""
        return self.columns() == 0, self.newer() == 0

    def weigh(self, values: Tensor) -> Tensor:
        """Return (T, ...) values times the weights of their items."""
        if self.log_weights is None:
            return values
        return values * self.log_weights.exp().view(-1, *(1 for _ in values.shape[1:]))

    def lift(self, logits: Tensor) -> Tensor:
        """Return (T, ...) logits of a softmax over items plus the logarithms of their weights."""
        if self.log_weights is None:
            return logits
        return logits + self.log_weights.view(-1, *(1 for _ in logits.shape[1:]))

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

    def padded_log_weights(self) -> Tensor | None:
        """Return the logarithms of the items' weights right-padded with zeros, (B, L)."""
        if self.log_weights is None:
            return None
        return self.pad(self.log_weights.unsqueeze(-1)).squeeze(-1)

    def padded(self) -> tuple[Tensor, Tensor]:
        """Return the vectors right-padded with zeros, (B, L, D), and their mask, (B, L) bool."""
        return self.pad(self.vectors), self.mask

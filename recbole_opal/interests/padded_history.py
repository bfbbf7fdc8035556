"""Histories padded to one width, of which every operation has a shape that no value decides."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from recbole_opal.interests.history import History

__all__ = ["PaddedHistory"]


@dataclass(frozen=True)
class PaddedHistory(History):
    """A `History` whose T = B L places are all laid out, padding behind the items of each row.

    A program that is traced once and then run on other batches, by `torch.export` and in ONNX,
    cannot let the number of items decide a shape. An encoder that asks the history by the methods
    of `History` alone is given the same interests by both.
    """

    width: int = 0  # L, places of a row; vectors are zero at padding

    @property
    def num_rows(self) -> int:
        """B."""
        return self.lengths.shape[0]

    @cached_property
    def rows(self) -> Tensor:
        """(B L,) int64, the row of each place."""
        numbers = torch.arange(self.num_rows, device=self.lengths.device).unsqueeze(1)
        return numbers.expand(self.num_rows, self.width).flatten()

    def columns(self) -> Tensor:
        """Return the number of each place in its row, (B L,) int64."""
        numbers = torch.arange(self.width, device=self.lengths.device)
        return numbers.expand(self.num_rows, self.width).flatten()

    @cached_property
    def mask(self) -> Tensor:
        """(B, L) bool, True where there is an item."""
        return torch.arange(self.width, device=self.lengths.device) < self.lengths.unsqueeze(1)

    def sum_by_row(self, values: Tensor) -> Tensor:
        """Add up the items' share of (B L, ...) values: (B, ...)."""
        return self._apart(values).masked_fill(~self._mask_of(values), 0).sum(dim=1)

    def pool(self, weights: Tensor) -> Tensor:
        """Add up the vectors of the same row under (B L, K) weights: (B, K, D)."""
        return self.sum_by_row(weights.unsqueeze(-1) * self.vectors.unsqueeze(1))

    def hide_padding(self, logits: Tensor) -> Tensor:
        """Return (B L, ...) logits with the lowest number at padding."""
        lowest = torch.finfo(logits.dtype).min
        return self._apart(logits).masked_fill(~self._mask_of(logits), lowest).flatten(0, 1)

    def pad(self, values: Tensor, fill: float = 0.0) -> Tensor:
        """Return (B L, C) values as (B, L, C), filled at padding."""
        return self._apart(values).masked_fill(~self._mask_of(values), fill)

    def _apart(self, values: Tensor) -> Tensor:
        return values.view(self.num_rows, self.width, *values.shape[1:])

    def _mask_of(self, values: Tensor) -> Tensor:
        """Return the mask, (B, L, 1, ...), for (B L, ...) values."""
        return self.mask.view(self.num_rows, self.width, *(1 for _ in values.shape[1:]))

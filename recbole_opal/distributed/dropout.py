"""Dropout whose mask is that of the joint batch."""

from __future__ import annotations

from torch import Tensor, nn

from recbole_opal.distributed.draws import drawn_for_rows
from recbole_opal.distributed.group import current

__all__ = ["RowDropout"]


class RowDropout(nn.Dropout):
    """torch's dropout over (R, D) rows, of which each process of a run has a part."""

    def forward(self, rows: Tensor) -> Tensor:
        """Return the rows with entries dropped, while training."""
        if current() is None or not self.training or self.p == 0:
            dropped: Tensor = super().forward(rows)
            return dropped
        keep, width = 1 - self.p, rows.shape[1]

        def mask(number: int) -> Tensor:
            return rows.new_empty(number, width).bernoulli_(keep).div_(keep)

        return rows * drawn_for_rows(len(rows), mask)

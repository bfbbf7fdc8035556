"""Dropout whose mask is that of the joint batch."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from recbole_opal.distributed.group import current
from recbole_opal.distributed.rows import joined_rows

__all__ = ["RowDropout"]


class RowDropout(nn.Dropout):
    """torch's dropout over (R, D) rows, of which each process of a run has a part.

    All processes draw the mask of all rows and take their own part of it: their generators stay
    alike, as the negatives that they share need it, and the mask is that of the joint batch.
    """

    def forward(self, rows: Tensor) -> Tensor:
        """Return the rows with entries dropped, while training."""
        group = current()
        if group is None or not self.training or self.p == 0:
            dropped: Tensor = super().forward(rows)
            return dropped
        counts = joined_rows(torch.tensor([len(rows)])).tolist()
        mask = rows.new_empty(sum(counts), rows.shape[1]).bernoulli_(1 - self.p).div_(1 - self.p)
        before = sum(counts[: group.rank])
        return rows * mask[before : before + len(rows)]

"""One interest: the mean of the history's vectors (YouTube DNN's, the control of all others)."""

from __future__ import annotations

import torch
from torch import Tensor

from recbole_opal.interests.history import History

__all__ = ["pool_evenly"]


def pool_evenly(history: History) -> Tensor:
    """Return the mean of each row's vectors as (B, 1, D), zero for an empty row.

    Args:
        history: T items of B rows.
    """
    lengths = torch.bincount(history.rows, minlength=history.num_rows).clamp_min(1)
    return (history.sum_by_row(history.vectors) / lengths.unsqueeze(-1)).unsqueeze(1)  # (B, 1, D)

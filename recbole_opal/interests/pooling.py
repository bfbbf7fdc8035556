"""One interest: the mean of the history's vectors (YouTube DNN's, the control of all others)."""

from __future__ import annotations

from torch import Tensor

from recbole_opal.interests.history import History

__all__ = ["pool_evenly"]


def pool_evenly(history: History) -> Tensor:
    """Return the sum of each row's vectors as (B, 1, D); its direction is that of the mean.

    Args:
        history: T items of B rows.
    """
    return history.sum_by_row(history.vectors).unsqueeze(1)

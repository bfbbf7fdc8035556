"""The item of each history that is the first in something."""

from __future__ import annotations

import torch
from torch import Tensor

from recbole_opal.interests.history import History

__all__ = ["best_of_rows"]


def best_of_rows(history: History, scores: Tensor) -> tuple[Tensor, Tensor]:
    """Return each row's highest score, (B,), and the vector it belongs to, (B, D), the newest's.

    Of T items and their (T,) scores. An empty row has a score below all others, and zeros.
    """
    scores = history.hide_padding(scores)
    highest = scores.new_full((history.num_rows,), torch.finfo(scores.dtype).min)
    highest = highest.scatter_reduce(0, history.rows, scores, "amax")
    columns = history.columns().to(scores.dtype)
    places = columns.masked_fill(scores < highest[history.rows], -1.0)
    newest = scores.new_full((history.num_rows,), -1.0)
    newest = newest.scatter_reduce(0, history.rows, places, "amax")
    chosen = (places == newest[history.rows]).unsqueeze(-1)
    return highest, history.sum_by_row(history.vectors.masked_fill(~chosen, 0.0))

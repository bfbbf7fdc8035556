"""The one order of all lists: score descending, then id ascending, also at the cut."""

import torch
from torch import Tensor

from recbole_opal.errors import RetrievalError

__all__ = ["in_order", "top_in_order"]

_CHUNK_ELEMENTS = 2**22
"""Elements of the boolean and int32 work arrays of `_first_among_equals` (about 30 MiB)."""


def in_order(scores: Tensor, ids: Tensor) -> tuple[Tensor, Tensor]:
    """Sort each row of `(B, C)` scores and ids by score descending, then id ascending."""
    ids, by_id = ids.sort(dim=1)
    scores, by_score = scores.gather(1, by_id).sort(dim=1, descending=True, stable=True)
    return scores, ids.gather(1, by_score)


def top_in_order(scores: Tensor, k: int) -> tuple[Tensor, Tensor]:
    """Return scores and columns of the `min(k, n)` best of `(B, n)`, the lowest among equals.

    `torch.topk` leaves the choice among equals open. It is asked for one more than `k`: only rows
    whose `k`-th and next score are equal need a second look. NaN is a RetrievalError.
    """
    width = scores.shape[1]
    values, columns = torch.topk(scores, min(k + 1, width), dim=1)
    # NaN counts as the largest value in torch.topk, so the first column shows it.
    if bool(values[:, :1].isnan().any()):
        raise RetrievalError(
            "a score is not a number (NaN); lower the learning rate or check the model's weights"
        )
    if width > k:
        tied = (values[:, k - 1] == values[:, k]).nonzero().flatten()
        values, columns = values[:, :k], columns[:, :k]
        for rows in torch.split(tied, max(1, _CHUNK_ELEMENTS // width)):
            chosen = _first_among_equals(scores[rows], values[rows, -1:], k)
            columns[rows] = chosen
            values[rows] = scores[rows].gather(1, chosen)
    return in_order(values, columns)


def _first_among_equals(scores: Tensor, threshold: Tensor, k: int) -> Tensor:
    """Return the `(R, k)` columns above the threshold and the first of those equal to it."""
    above, equal = scores > threshold, scores == threshold
    room = k - above.sum(dim=1, keepdim=True)
    first = equal & (equal.cumsum(dim=1, dtype=torch.int32) <= room)
    return (above | first).nonzero()[:, 1].view(-1, k)  # (R, k)

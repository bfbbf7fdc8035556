"""What the time between a user's items tells of each (PIMI's periodicity module)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from recbole_opal.interests.history import History

__all__ = ["TimeGapEncoding", "count_gaps"]


def count_gaps(times: Tensor, lengths: Tensor, *, unit: float, span: int) -> Tensor:
    """Count, for each item, the items of its row by how far they are in time: (T, span + 1).

    The gap of two items is the whole units between them, whichever is older, at most `span`; an
    item is at gap 0 from itself. Memory is O(sum of squared lengths), whatever the span.

    Args:
        times: (T,) float64 seconds, row by row.
        lengths: (B,) int64, of the rows.
        unit: seconds, > 0.
        span: the greatest gap told apart, >= 1.
    """
    rows = torch.repeat_interleave(lengths)  # (T,)
    mates = lengths[rows]  # (T,)
    item = torch.repeat_interleave(mates)  # (P,), the first of each pair
    shift = lengths.cumsum(0)[rows] - mates.cumsum(0)  # (T,)
    mate = torch.arange(len(item), device=item.device) + shift[item]  # (P,), the second
    gap = (times[mate] - times[item]).abs_().div_(unit).clamp_max_(span).to(torch.int64)
    cells = gap.add_(item, alpha=span + 1)
    return torch.bincount(cells, minlength=len(times) * (span + 1)).view(len(times), span + 1)


class TimeGapEncoding(nn.Module):
    """One vector for each item from its gaps to all items of its history.

    With m_ij the gap of items i and j and G its embedding, `a_ij = softmax_j(<w, G[m_ij]>)` and the
    encoding is `sum_j a_ij G[m_ij]`. Source: Chen et al., PIMI, IJCAI 2021, the periodicity module.
    As equal gaps have equal weights, it is a mean over span + 1 gaps weighed by how often each
    occurs, which is how it is computed: no (L, L, D) tensor. Padding takes no part.

    Args:
        unit: seconds of one step of a gap; a day in the paper.
        span: the greatest gap told apart; 64 in the paper.
    """

    def __init__(self, width: int, *, unit: float, span: int) -> None:
        super().__init__()
        self.unit = unit
        self.gaps = nn.Parameter(torch.empty(span + 1, width))  # G
        self.weight = nn.Parameter(torch.empty(width))  # w
        nn.init.normal_(self.gaps, std=width**-0.5)
        nn.init.normal_(self.weight, std=width**-0.5)

    def forward(self, history: History) -> Tensor:
        """Return the encodings, (T, D), of histories with their times."""
        if history.times is None:
            raise ValueError("time gaps need History.times.")
        span = len(self.gaps) - 1
        counts = count_gaps(history.times, history.lengths, unit=self.unit, span=span)
        logits = counts.to(self.gaps.dtype).log() + self.gaps @ self.weight  # -inf where none is
        return logits.softmax(dim=-1) @ self.gaps

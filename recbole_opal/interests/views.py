"""Two disjoint halves of each history: the two views that CMI contrasts."""

from __future__ import annotations

import torch
from torch import Tensor

__all__ = ["split_in_halves"]


def split_in_halves(places: Tensor, *, shortest: int = 6) -> Tensor:
    """Part each history at random in two halves, both in time order.

    Source: CMI. A history of at most `shortest` items is given to both views whole. The authors'
    code shuffles the first half; here both keep their order, which the GRU reads. Drawn from
    the default generator of the device, which a run's state holds, so that a resumed run draws
    the same halves.

    Args:
        places: (B, L) int64 item ids, right-padded with 0.
        shortest: the longest history that is not parted.

    Returns:
        (2 B, L') int64, right-padded with 0: first one half of each row, then all others in the
        same order. Of an odd number the second half is the longer one.
    """
    filled = places > 0  # (B, L)
    lengths = filled.sum(dim=1, keepdim=True)
    keys = torch.rand(places.shape, device=places.device).masked_fill(~filled, 2.0)
    ranks = keys.argsort(dim=1).argsort(dim=1)
    whole = lengths <= shortest  # (B, 1)
    first = filled & (whole | (ranks < lengths // 2))
    second = filled & (whole | (ranks >= lengths // 2))
    kept = torch.cat([first, second])  # (2 B, L)
    counts = kept.sum(dim=1, keepdim=True)
    width = int(counts.max()) if kept.numel() else 0
    order = kept.to(torch.uint8).argsort(dim=1, descending=True, stable=True)[:, :width]
    inside = torch.arange(width, device=places.device) < counts  # (2 B, L')
    return places.repeat(2, 1).gather(1, order) * inside

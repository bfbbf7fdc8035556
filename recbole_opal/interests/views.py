"""Two disjoint halves of each history: the two views that CMI contrasts."""

from __future__ import annotations

import torch

from recbole_opal.batches import Histories

__all__ = ["split_in_halves"]


def split_in_halves(histories: Histories, *, shortest: int = 6) -> Histories:
    """Part each history at random in two halves, both in time order.

    Source: CMI. A history of at most `shortest` items is given to both views whole. The authors'
    code shuffles the first half; here both keep their order, which the GRU reads. Drawn from
    the default generator of the device, which a run's state holds, so that a resumed run draws
    the same halves.

    Returns:
        2 B rows: first one half of each row, then all others in the same order. Of an odd number
        the second half is the longer one.
    """
    lengths = histories.lengths.unsqueeze(1)  # (B, 1)
    width = int(lengths.max()) if len(lengths) else 0
    filled = torch.arange(width, device=lengths.device) < lengths  # (B, L)
    keys = torch.rand(filled.shape, device=lengths.device).masked_fill(~filled, 2.0)
    ranks = keys.argsort(dim=1).argsort(dim=1)
    whole = lengths <= shortest
    first = filled & (whole | (ranks < lengths // 2))
    second = filled & (whole | (ranks >= lengths // 2))
    kept = torch.cat([first[filled], second[filled]])  # (2 T,)
    counts = torch.cat([first, second]).sum(dim=1)
    times = None if histories.times is None else histories.times.repeat(2)[kept]
    return Histories(histories.items.repeat(2)[kept], counts, times)

"""What is drawn at random for rows, of which each process of a run has a part."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch
from torch import Tensor

from recbole_opal.distributed.group import current
from recbole_opal.distributed.rows import place_of_rows

__all__ = ["drawn_for_rows", "own_draws"]


def drawn_for_rows(rows: int, draw: Callable[[int], Tensor]) -> Tensor:
    """Return what `draw(R)`, (R, ...), holds for this process's rows out of those of all.

    All processes draw for all rows: their generators stay alike, as the negatives that they share
    need it, and what is drawn is that of the joint batch.
    """
    before, number = place_of_rows(rows)
    return draw(number)[before : before + rows]


@contextmanager
def own_draws(device: torch.device) -> Iterator[None]:
    """Let each process draw for itself in the block, and all alike behind it; alone, do nothing.

    For what torch draws inside its layers: other numbers than one process would draw for the joint
    batch, of the same distribution.
    """
    group = current()
    if group is None:
        yield
        return
    seed = int(torch.randint(2**62, ()))  # the same in all, and another at each call
    with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
        torch.manual_seed(seed + group.rank)
        yield

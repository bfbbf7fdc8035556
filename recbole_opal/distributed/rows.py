"""Rows shared out over the processes of a run, and put together again."""

from __future__ import annotations

import torch
from torch import Tensor

from recbole_opal.distributed.group import current

__all__ = ["gather_rows", "joined_rows", "own_part"]


def own_part(rows: int) -> slice:
    """Return which of so many rows are this process's: all, if it is alone.

    The parts follow each other by rank and differ by one row at most; where there are fewer rows
    than processes, some have none.
    """
    group = current()
    if group is None:
        return slice(0, rows)
    return slice(rows * group.rank // group.size, rows * (group.rank + 1) // group.size)


def gather_rows(*columns: Tensor) -> list[tuple[Tensor, ...]]:
    """Return the columns of each process, by rank; no gradient flows through.

    Args:
        columns: (R, ...) each, with the same R; it may differ between processes, all else not.
    """
    group = current()
    if group is None:
        return [tuple(column.detach() for column in columns)]
    sizes = [int(each) for each in group.gather(torch.tensor([len(columns[0])]))]
    most = max(sizes)
    parts = []
    for column in columns:
        padded = column.new_zeros(most, *column.shape[1:])
        padded[: len(column)] = column.detach()
        parts.append([part[:size] for part, size in zip(group.gather(padded), sizes, strict=True)])
    return list(zip(*parts, strict=True))


def joined_rows(column: Tensor) -> Tensor:
    """Return the rows of all processes, one process after the other; no gradient flows through."""
    return column if current() is None else torch.cat([part for (part,) in gather_rows(column)])

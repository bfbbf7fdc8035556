"""Rows shared out over the processes of a run, and put together again."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from recbole_opal.distributed.group import current

__all__ = [
    "gather_rows",
    "greatest",
    "joined_rows",
    "own_part",
    "place_of_rows",
    "rows_of_all",
    "swap_rows",
]


def own_part(rows: int) -> slice:
    """Return which of so many rows are this process's: all, if it is alone.

    The parts follow each other by rank and differ by one row at most; where there are fewer rows
    than processes, some have none, but never the first.
    """
    group = current()
    if group is None:
        return slice(0, rows)
    start, stop = (-(-rows * rank // group.size) for rank in (group.rank, group.rank + 1))
    return slice(start, stop)


def gather_rows(rows: Tensor, sizes: Sequence[int] | None = None) -> list[Tensor]:
    """Return the rows of each process, by rank; no gradient flows through.

    Args:
        rows: (R, ...); R may differ between processes, all else not.
        sizes: R of each process, where it is known.
    """
    group = current()
    if group is None:
        return [rows.detach()]
    if sizes is None:
        sizes = torch.cat(group.gather(torch.tensor([len(rows)]))).tolist()
    padded = rows.new_empty(max(sizes), *rows.shape[1:])
    padded[: len(rows)] = rows.detach()
    return [part[:size] for part, size in zip(group.gather(padded), sizes, strict=True)]


def joined_rows(rows: Tensor) -> Tensor:
    """Return the rows of all processes, one process after the other; no gradient flows through."""
    return rows if current() is None else torch.cat(gather_rows(rows))


def place_of_rows(rows: int) -> tuple[int, int]:
    """Return how many rows of other processes stand before this one's, and how many all have."""
    group = current()
    if group is None:
        return 0, rows
    counts = joined_rows(torch.tensor([rows]))
    return int(counts[: group.rank].sum()), int(counts.sum())


def rows_of_all(rows: Tensor, numbers: Tensor) -> Tensor:
    """Return the rows, (n, D), with (n,) int64 numbers in the joint batch; no gradient flows.

    Args:
        rows: (R, D), those of this process.
        numbers: the same in all processes.
    """
    rows, group = rows.detach(), current()
    if group is None:
        return rows[numbers]
    before, _ = place_of_rows(len(rows))
    own = (numbers >= before) & (numbers < before + len(rows))
    found = rows.new_zeros(len(numbers), rows.shape[1])
    found[own] = rows[numbers[own] - before]
    group.add(found)
    return found


def greatest(number: int) -> int:
    """Return the greatest of the numbers that the processes have; alone, the number itself."""
    return number if current() is None else int(joined_rows(torch.tensor([number])).max())


def swap_rows(parts: Sequence[Tensor]) -> list[Tensor]:
    """Give each process its part, and return what each has for this one, by rank.

    Args:
        parts: (R_p, ...) for each process p; all processes have as many rows for the same one.
    """
    group = current()
    if group is None:
        return list(parts)
    given = [len(part) for part in parts]
    taken = [given[group.rank]] * group.size
    return list(torch.split(group.swap(torch.cat(list(parts)), given, taken), taken))

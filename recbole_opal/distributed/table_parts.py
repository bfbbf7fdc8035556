"""A table that processes share: what of it each holds, and how the first one collects it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from torch import Tensor

from recbole_opal.distributed.group import Group

__all__ = ["Part", "collected", "row_pieces"]

_PIECE = 2**22  # numbers that are drawn or sent at a time
_BLOCK = 16  # rows: torch draws so many numbers together, and whole blocks are as one draw


@dataclass(frozen=True)
class Part:
    """What of a table a process holds: some rows, and of these some columns."""

    rows: slice
    columns: slice

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns of the part."""
        return self.rows.stop - self.rows.start, self.columns.stop - self.columns.start


def row_pieces(rows: int, width: int) -> Iterator[slice]:
    """Yield so many rows some at a time, in pieces of 16 rows and more.

    Normal numbers that are drawn piece by piece are those of one draw.
    """
    step = max(_PIECE // width // _BLOCK, 1) * _BLOCK
    starts = range(0, max(rows - _BLOCK + 1, 1), step)
    for start in starts:
        yield slice(start, rows if start == starts[-1] else start + step)


def collected(
    own: Tensor, parts: Sequence[Part], rows: int, width: int, group: Group
) -> Tensor | None:
    """Return the whole table in the first process, None in the others; sent some rows at a time.

    Args:
        own: this process's part, on a processor.
        parts: what each process holds, by rank.
        rows: of the whole table.
        width: its columns.
        group: the processes.
    """
    found = own.new_empty(rows, width) if group.rank == 0 else None
    step = max(_PIECE // width, 1)
    for start in range(0, max(part.shape[0] for part in parts), step):
        for rank, part in enumerate(parts):
            stop = min(start + step, part.shape[0])
            if start >= stop or group.rank not in (0, rank):
                continue
            piece: Tensor | None = own[start:stop] if rank == group.rank else None
            if rank > 0:
                piece = group.to_first(piece, rank, own.new_empty(stop - start, part.shape[1]))
            if found is not None and piece is not None:
                first = part.rows.start
                found[first + start : first + stop, part.columns] = piece
    return found

"""What torchrun tells each process that it starts; torch is not imported for it."""

from __future__ import annotations

import os
from dataclasses import dataclass

__all__ = ["Launch", "is_first", "launched"]

_NEEDED = ("RANK", "WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT")


@dataclass(frozen=True)
class Launch:
    """This process among those that were started together.

    Attributes:
        rank: its number in [0, processes).
        processes: how many there are, at least 2.
        on_host: its number among those on this machine, by which it takes a GPU.
        on_each_host: how many there are on this machine.
    """

    rank: int
    processes: int
    on_host: int
    on_each_host: int


def launched() -> Launch | None:
    """Return this process's place among several, None if it is alone."""
    if not all(name in os.environ for name in _NEEDED) or int(os.environ["WORLD_SIZE"]) < 2:
        return None
    rank, processes = int(os.environ["RANK"]), int(os.environ["WORLD_SIZE"])
    on_host = int(os.environ.get("LOCAL_RANK", rank))
    return Launch(rank, processes, on_host, int(os.environ.get("LOCAL_WORLD_SIZE", processes)))


def is_first() -> bool:
    """Tell whether this process speaks and writes for all: it is alone, or number 0."""
    launch = launched()
    return launch is None or launch.rank == 0

"""How much faster several processes train than one, in OPAL's hard stage.

    torchrun --nproc-per-node=2 benchmarks/processes.py --dataset=kuairand-pure \
        --data_path=../shared/data --num_interests=4

Blocks of steps with the joint batch in one process, while the others wait, alternate with blocks of
steps that all of them share, and with blocks in which each takes steps of its part of a batch at
the same time, but by itself, as if there were no others: what sharing could reach at best on this
machine at this batch. Medians over the blocks are printed. Each process has one thread, as
torchrun sets it. Seconds of the clock mean something where each process has a core of its own and
nothing else runs; the processor time of the busiest process tells, on a machine that is shared,
what they would be at best. Any setting of `run_opal.py` may follow.
"""

import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import copy
from itertools import chain, repeat
from statistics import median
from time import perf_counter, process_time
from typing import Any

import numpy as np
import torch
from rich.console import Console
from rich.table import Table

from recbole_opal.distributed import group as processes
from recbole_opal.distributed.arrays import joined_arrays
from recbole_opal.distributed.launch import is_first
from recbole_opal.host import quiet_deprecations
from recbole_opal.host.config import OpalConfig
from recbole_opal.host.prepare import prepare_data
from recbole_opal.host.recommender import OPAL
from recbole_opal.settings import parse_arguments
from recbole_opal.training.loop import TrainingLoop

ROUNDS = 7
STEPS = 10
WARM_UP = 3


@contextmanager
def alone() -> Iterator[None]:
    """Let this process forget the others."""
    known, processes._current = processes._current, None
    try:
        yield
    finally:
        processes._current = known


class Waiting:
    """Adds up the seconds in which a process waits for the others or exchanges with them."""

    def __init__(self, group: Any) -> None:
        self.seconds = 0.0
        for name in ("gather", "add"):
            setattr(group, name, self._timed(getattr(group, name)))

    def _timed(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def timed(*arguments: Any) -> Any:
            started = perf_counter()
            found = function(*arguments)
            self.seconds += perf_counter() - started
            return found

        return timed


def block(loop: TrainingLoop, batches: Iterator[Any], waiting: Waiting) -> list[float]:
    """Take STEPS steps; return milliseconds a step: clock, processor, waiting."""
    for _ in range(WARM_UP):
        loop.step(next(batches))
    before = perf_counter(), process_time(), waiting.seconds
    for _ in range(STEPS):
        loop.step(next(batches))
    after = perf_counter(), process_time(), waiting.seconds
    return [(new - old) / STEPS * 1e3 for new, old in zip(after, before, strict=True)]


def measure(loop: TrainingLoop, train: Any) -> tuple[list[list[float]], list[Any], list[Any]]:
    """Return the figures of each block alone, and of all processes, (N, 3), together and apart."""
    group = processes.current()
    batches, waiting = chain.from_iterable(repeat(train)), Waiting(group)
    part = copy(train)
    part.step = -(-train.step // group.size)
    parts = chain.from_iterable(repeat(part))
    single, shared, apart = [], [], []
    for number in range(ROUNDS):
        torch.manual_seed(number)
        if is_first():
            with alone():
                single.append(block(loop, batches, waiting))
        torch.manual_seed(number)  # all processes draw the same negatives
        processes.meet()
        shared.append(_of_all(block(loop, batches, waiting)))
        processes.meet()
        with alone():
            own = block(loop, parts, waiting)
        apart.append(_of_all(own))
    return single, shared, apart


def _of_all(figures: list[float]) -> Any:
    return joined_arrays({"figures": np.array([figures])})["figures"]


def main() -> None:
    """Measure and print."""
    request = parse_arguments(sys.argv[1:])
    with processes.process_group(), tempfile.TemporaryDirectory() as folder, quiet_deprecations():
        fixed = {"tensorboard": False, "checkpoint_dir": folder, "show_progress": False}
        config = OpalConfig("OPAL", request.dataset, request.settings | fixed)
        data = prepare_data(config, future_items=True)
        torch.manual_seed(config["seed"])
        loop = TrainingLoop(OPAL(config, data.dataset), config, ("hard",))
        loop.model.train()
        single, shared, apart = measure(loop, data.train)
    if not is_first():
        return
    clock, processor = (median(figures[n] for figures in single) for n in range(2))
    both, busiest, waited = (median(each[:, n].max() for each in shared) for n in range(3))
    halves, least = (median(each[:, n].max() for each in apart) for n in range(2))
    table = Table(title=f"milliseconds a step, median of {ROUNDS} blocks of {STEPS}")
    number = len(shared[0])
    for name in ("", "1 process", f"{number} processes", "times", f"{number} apart", "times"):
        table.add_column(name, justify="right")
    for name, one, together, by_itself in (
        ("clock", clock, both, halves),
        ("processor, busiest", processor, busiest, least),
    ):
        times = f"{one / together:.2f}", f"{one / by_itself:.2f}"
        cells = f"{one:.1f}", f"{together:.1f}", times[0], f"{by_itself:.1f}", times[1]
        table.add_row(name, *cells)
    table.add_row("exchanging and waiting, most", "0.0", f"{waited:.1f}", "", "", "")
    Console().print(table)


if __name__ == "__main__":
    main()

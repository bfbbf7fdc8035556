"""Where the time of training and evaluation goes.

    python benchmarks/training_speed.py --dataset=kuairand-pure --data_path=../shared/data

Prints the seconds of data preparation, the milliseconds of gathering a batch and of each part of
a training step in each stage, an epoch computed from them, the seconds of a full evaluation, and
what its exact search costs beside a bare product + maximum or logsumexp + top-k. Any setting of
`run_opal.py` may follow. Let nothing else run beside it.
"""

import sys
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import chain, islice, repeat
from statistics import median
from time import perf_counter, process_time
from typing import Any

import torch
from rich.console import Console
from rich.table import Table

from recbole_opal.host import quiet_deprecations
from recbole_opal.host.config import OpalConfig
from recbole_opal.host.prepare import PreparedData, prepare_data
from recbole_opal.host.recommender import OPAL
from recbole_opal.host.trainer import TwoStageTrainer
from recbole_opal.models import base
from recbole_opal.process.peak_memory import PeakMemory
from recbole_opal.retrieval import ExactIndex
from recbole_opal.runs.machine import versions
from recbole_opal.settings import parse_arguments

STEPS = 40
WARM_UP = 5
BATCHES, BARE_BLOCK = 8, 8192


class Clock:
    """Adds up the seconds of named parts."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = defaultdict(float)

    @contextmanager
    def part(self, name: str) -> Iterator[None]:
        """Time a block."""
        started = perf_counter()
        yield
        self.seconds[name] += perf_counter() - started

    def wrap(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """Return the function, timed."""

        def timed(*arguments: Any, **options: Any) -> Any:
            with self.part(name):
                return function(*arguments, **options)

        return timed


def time_steps(trainer: TwoStageTrainer, data: PreparedData) -> Clock:
    """Time the parts of training steps, in all over STEPS steps."""
    model = trainer.model.network
    model.train()
    clock = Clock()
    originals = model.items.forward, model.encode, base.retrieval_loss
    batches = chain.from_iterable(repeat(data.train))  # as many epochs as it takes
    for number in range(WARM_UP + STEPS):
        if number == WARM_UP:
            clock.seconds.clear()
            model.items.forward = clock.wrap("forward: look up items", originals[0])
            model.encode = clock.wrap("forward: interests", originals[1])
            base.retrieval_loss = clock.wrap("forward: retrieval loss", originals[2])
        with clock.part("gather the batch"):
            batch = next(batches)
        with clock.part("step without gathering"):
            trainer.loop.optimizer.zero_grad()
            loss = sum(model.calculate_loss(batch))
            with clock.part("backward"):
                loss.backward()
            with clock.part("optimiser"):
                trainer.loop.optimizer.step()
    model.items.forward, model.encode, base.retrieval_loss = originals
    return clock


def search_beside_bare(trainer: TwoStageTrainer, data: PreparedData) -> float:
    """Return the processor time of the exact search over that of the bare operations it needs."""
    model, k = trainer.model, max(trainer.config["topk"])
    table, scoring = model.item_table().detach(), model.scoring
    index = ExactIndex(table, trainer.config["item_block_size"], scoring)
    ours, bare = [], []
    for batch in islice(data.test, BATCHES):
        queries = model.interests(batch.inputs.to(trainer.device)).detach()
        started = process_time()
        index.top_k(queries, k, batch.excluded)
        middle = process_time()
        for start in range(0, len(table), BARE_BLOCK):
            products = queries.transpose(0, 1) @ table[start : start + BARE_BLOCK].T  # (K, B, n)
            if scoring.soft:
                scores = products.div_(scoring.temperature).logsumexp(dim=0)
            else:
                scores = products.amax(dim=0)
            scores.topk(min(k, scores.shape[1]), dim=1)
        ours.append(middle - started)
        bare.append(process_time() - middle)
    return median(ours) / median(bare)


def main() -> None:
    """Measure and print."""
    request = parse_arguments(sys.argv[1:])
    console, memory = Console(), PeakMemory()
    with tempfile.TemporaryDirectory() as folder, quiet_deprecations():
        fixed = {"tensorboard": False, "checkpoint_dir": folder, "show_progress": False}
        config = OpalConfig("OPAL", request.dataset, request.settings | fixed)
        started = perf_counter()
        data = prepare_data(config, future_items=True)
        console.print(f"data preparation: {perf_counter() - started:.2f} s  {data.counts}")
        torch.manual_seed(config["seed"])
        trainer = TwoStageTrainer(config, OPAL(config, data.dataset).to(config["device"]))
        table = Table(title=f"milliseconds a step, mean of {STEPS}")
        table.add_column("part")
        columns: dict[str, Clock] = {}
        for stage in trainer.loop.stages:
            trainer.model.set_stage(stage)
            columns[stage] = time_steps(trainer, data)
            table.add_column(stage, justify="right")
        for part in columns["soft"].seconds:
            values = [f"{clock.seconds[part] / STEPS * 1e3:.1f}" for clock in columns.values()]
            table.add_row(part, *values)
        console.print(table)
        for stage, clock in columns.items():
            parts = clock.seconds["gather the batch"] + clock.seconds["step without gathering"]
            epoch = parts / STEPS * len(data.train)
            trainer.model.set_stage(stage)
            started = perf_counter()
            trainer.evaluate(data.test, load_best_model=False)
            seconds = perf_counter() - started
            console.print(
                f"{stage}: an epoch of {len(data.train)} steps {epoch:.1f} s, "
                f"a full evaluation of {len(data.test.rows)} users {seconds:.2f} s"
            )
            with torch.no_grad():
                ratio = search_beside_bare(trainer, data)
            console.print(f"{stage}: its search takes {ratio:.2f} of the bare operations' time")
        console.print(f"peak memory: {memory.in_bytes(config['device'])}")
        console.print(f"versions: {versions(config['device'])}", highlight=False)


if __name__ == "__main__":
    main()

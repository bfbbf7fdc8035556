"""How fast this checkout trains and evaluates beside another one, as ratios.

    python benchmarks/against.py ../other --dataset=kuairand-pure --data_path=../shared/data

Each checkout works in a process of its own; they take turns, so that whatever else the machine does
meets both, and processor time is counted. Below 1: this checkout is faster.
"""

import subprocess
import sys
import tempfile
from importlib import import_module
from importlib.util import find_spec
from itertools import chain, repeat
from pathlib import Path
from statistics import median
from time import process_time

STEPS, TURNS = 15, 8
HERE = Path(__file__).resolve().parents[1]


def worker() -> None:
    """Do what a line of standard input asks for, and print the seconds it took."""
    import torch

    from recbole_opal import OPAL, OpalConfig, TwoStageTrainer
    from recbole_opal.settings import parse_arguments

    rooms = ("data", "host")  # the first before there was one package that meets RecBole
    room = next(each for each in rooms if find_spec(f"recbole_opal.{each}.prepare"))
    prepare = import_module(f"recbole_opal.{room}.prepare")
    request = parse_arguments(sys.argv[2:])
    with tempfile.TemporaryDirectory() as folder:
        fixed = {"tensorboard": False, "checkpoint_dir": folder, "show_progress": False}
        config = OpalConfig("OPAL", request.dataset, request.settings | fixed)
        data = prepare.prepare_data(config, future_items=True)
        torch.manual_seed(config["seed"])
        trainer = TwoStageTrainer(config, OPAL(config, data.dataset).to(config["device"]))
        if hasattr(trainer.eval_collector, "keep_lists"):  # before metrics were objects
            trainer.eval_collector.data_collect(data.train)
        step = trainer.loop.step if hasattr(trainer, "loop") else trainer._step
        batches = chain.from_iterable(repeat(data.train))
        print("ready", flush=True)
        for line in sys.stdin:
            task = line.strip()
            started = process_time()
            if task == "evaluation":
                trainer.evaluate(data.test, load_best_model=False)
            elif task == "gathering":
                for _ in range(STEPS):
                    next(batches)
            else:
                trainer.model.set_stage(task)
                trainer.model.train()
                started = process_time()
                for _ in range(STEPS):
                    step(next(batches))
            print(process_time() - started, flush=True)


def main() -> None:
    """Let both checkouts take turns and print the medians and their ratio."""
    workers = [
        subprocess.Popen(  # noqa: S603
            [sys.executable, __file__, "--worker", *sys.argv[2:]],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={"PYTHONPATH": str(path), "OMP_NUM_THREADS": "1", "PATH": ""},
        )
        for path in (HERE, Path(sys.argv[1]).resolve())
    ]
    for each in workers:
        if "ready\n" not in each.stdout:  # reads until it comes, or until the worker has died
            sys.exit("a checkout cannot do this; what stopped it stands above.")
    for task, turns in (("gathering", TURNS), ("soft", TURNS), ("hard", TURNS), ("evaluation", 4)):
        seconds: list[list[float]] = [[], []]
        for _ in range(turns):
            for each, found in zip(workers, seconds, strict=True):
                print(task, file=each.stdin, flush=True)
                found.append(float(each.stdout.readline()))
        ours, theirs = (median(found[1:]) for found in seconds)
        print(f"{task}: {ours:.3f} s, there {theirs:.3f} s, ratio {ours / theirs:.3f}")
    for each in workers:
        each.stdin.close()
        each.wait()


if __name__ == "__main__":
    worker() if sys.argv[1] == "--worker" else main()

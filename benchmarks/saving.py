"""Bytes and processor seconds of saving a run's state at a validation, by the size of the table.

Run from the repository: `python benchmarks/saving.py [--items 1000000] [--share 0.02]`. A table of
width 64 with sparse gradients is trained in two stages; between two validations the share of its
rows moves, drawn anew each time. The figures are of the second stage, in tables (N x D float32),
beside a state that is written whole. Let nothing else run beside it.
"""

import argparse
import statistics
import tempfile
from pathlib import Path
from time import process_time
from typing import Any

import torch
from torch import Tensor, nn

from recbole_opal.runs import RunFolder
from recbole_opal.training.loop import TrainingLoop
from recbole_opal.training.save_points import SavePoints
from recbole_opal.training.snapshot import snapshot

WIDTH, STEPS = 64, 20
SETTINGS = {
    "device": "cpu",
    "epochs": 5,
    "eval_step": 1,
    "stopping_step": 100,
    "valid_metric": "Recall@10",
    "valid_metric_bigger": True,
    "max_train_seconds": None,
    "learner": "adam",
    "learning_rate": 0.01,
    "learning_rate_schedule": "constant",
    "warmup_steps": 0,
    "schedule_steps": None,
    "stage_steps": None,
    "stage_rates": None,
    "weight_decay": 0.0,
    "clip_grad_norm": None,
    "enable_amp": False,
    "enable_scaler": False,
    "loss_decimal_place": 4,
    "test_at_end": True,
}


class Table(nn.Module):
    """A model that is little but its table; every other validation is a gain."""

    def __init__(self, items: int) -> None:
        super().__init__()
        self.items = nn.Embedding(items, WIDTH, sparse=True)
        self.layer = nn.Linear(WIDTH, WIDTH)
        self.validations = 0

    def calculate_loss(self, batch: Tensor) -> Tensor:
        """Return some loss of the rows of a batch."""
        return self.layer(self.items(batch)).square().mean()

    def validate(self) -> dict[str, float]:
        """Return a score that is higher every other time."""
        self.validations += 1
        return {"recall@10": self.validations * (self.validations % 2)}


class Batches:
    """Steps that look up a share of the rows, together."""

    def __init__(self, items: int, share: float) -> None:
        self.items, self.rows = items, int(items * share) // STEPS
        self.generator = torch.Generator().manual_seed(0)

    def __len__(self) -> int:
        return STEPS

    def __iter__(self) -> Any:
        for _ in range(STEPS):
            yield torch.randint(1, self.items, (self.rows,), generator=self.generator).unique()


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--items", type=int, default=1_000_000)
    parser.add_argument("--share", type=float, default=0.02)
    arguments = parser.parse_args()
    model = Table(arguments.items)
    loop = TrainingLoop(model, SETTINGS, ("one", "two"))
    costs: dict[str, list[tuple[float, float]]] = {"whole": [], "what changed": []}
    with tempfile.TemporaryDirectory() as place:
        whole, parted = (RunFolder.create(Path(place), name) for name in ("whole", "parted"))
        points = SavePoints(loop)

        def bytes_in(folder: RunFolder, before: set[str]) -> int:
            return sum(size for name, size in folder.sizes.items() if name not in before)

        def save() -> None:
            last = loop.stage == "two" and 0 < loop.epoch < SETTINGS["epochs"]
            for kind, folder in (("whole", whole), ("what changed", parted)):
                before, started = set(folder.names), process_time()
                if kind == "whole":
                    folder.save_state(snapshot(loop))
                else:
                    folder.save_state(*points.next())
                if last:
                    costs[kind].append((bytes_in(folder, before), process_time() - started))

        loop.on_progress = save
        loop.fit(Batches(arguments.items, arguments.share), model.validate)
        table = arguments.items * WIDTH * 4
        for kind, folder in (("whole", whole), ("what changed", parted)):
            tables = statistics.mean(size for size, _ in costs[kind]) / table
            seconds = statistics.median(each for _, each in costs[kind])
            held = sum(folder.sizes.values()) / table
            print(
                f"{kind}: {tables:.2f} tables and {seconds:.2f} s a validation, {held:.1f} tables "
                "on the disk at the end"
            )


if __name__ == "__main__":
    main()

"""Train a network on fixed batches, alone or as one of several processes; no RecBole."""

import numpy as np
import torch

from recbole_opal.batches import Histories, TrainingBatch
from recbole_opal.distributed.draws import own_draws
from recbole_opal.distributed.group import meet, process_group
from recbole_opal.distributed.launch import launched
from recbole_opal.distributed.rows import own_part
from recbole_opal.models import MODELS, Catalogue
from recbole_opal.training.loop import TrainingLoop

ITEMS, LONGEST, WIDTH = 80, 7, 3
LOOP = {
    "device": "cpu", "epochs": 1, "eval_step": 1, "stopping_step": 1, "valid_metric": "x",
    "valid_metric_bigger": True, "max_train_seconds": None, "learner": "adam",
    "learning_rate": 0.01, "learning_rate_schedule": "constant", "warmup_steps": 0,
    "schedule_steps": None, "stage_steps": None, "stage_rates": None, "weight_decay": 0.01,
    "clip_grad_norm": None, "enable_amp": False, "enable_scaler": False,
}  # fmt: skip


def batches(sizes):
    """Yield batches of so many rows; the first rows are the shortest, one has no target."""
    draw = np.random.default_rng(5)
    for rows in sizes:
        lengths = np.sort(draw.integers(1, LONGEST + 1, rows))
        targets = draw.integers(1, ITEMS, (rows, WIDTH)) * (draw.random((rows, WIDTH)) < 0.8)
        targets[: rows // 3, :] = 0
        yield lengths, draw.integers(1, ITEMS, lengths.sum()), draw.random(lengths.sum()), targets


def own_rows(lengths, items, times, targets):
    """Return the rows of this process as a batch."""
    own = own_part(len(lengths))
    first, last = lengths[: own.start].sum(), lengths[: own.stop].sum()
    histories = Histories(
        torch.from_numpy(items[first:last]),
        torch.from_numpy(lengths[own]),
        torch.from_numpy(times[first:last] * 1e6),
    )
    return TrainingBatch(histories, torch.from_numpy(np.ascontiguousarray(targets[own])))


def train(name, stage="", sizes=(9, 7, 1), learner=None, **settings):
    """Return the losses of each step and the weights after the last, in double precision."""
    network = MODELS[name]
    given = {"hidden_size": 8, "num_negatives": 20, **settings}
    counts = torch.arange(ITEMS)
    torch.manual_seed(3)
    model = network(network.Settings.model_validate(given), Catalogue(ITEMS, counts, LONGEST))
    loop = TrainingLoop(model.double(), LOOP | (learner or {}), network.stages)
    if stage:
        loop.enter_stage(stage)
    taken = [loop.step(own_rows(*batch)) for batch in batches(sizes)]
    losses = [{name: float(part) for name, part in each.items()} for each in taken]
    return {"losses": losses, "weights": model.state_dict(), "draw": torch.rand(3)}


def train_shared(folder, cases):
    """Train every case in the group, and write FOLDER/CASE-RANK.pt."""
    with process_group():
        for name, case in cases.items():
            torch.save(train(**case), folder / f"{name}-{launched().rank}.pt")
        meet()
    return 0


def draw_apart(folder):
    """Draw in two blocks of this process alone, then with all, and write FOLDER/RANK.pt."""
    with process_group():
        torch.manual_seed(4)
        apart = []
        for _ in range(2):
            with own_draws(torch.device("cpu")):
                apart.append(torch.rand(3))
        torch.save((apart, torch.rand(3)), folder / f"{launched().rank}.pt")
        meet()
    return 0

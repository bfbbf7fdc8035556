"""A training step of OPAL's default recipe, soft and hard, and the memory of table and moments."""

from __future__ import annotations

from collections.abc import Iterator
from statistics import median
from time import process_time
from typing import Any

import torch
from torch import Tensor

from recbole_opal.models import MODELS
from recbole_opal.models.catalogue import Catalogue
from recbole_opal.training.optimizer import build_optimizer
from scaling.batches import LENGTH, endless_batches
from scaling.drawn import drawn_sequences
from scaling.memory import resident

WIDTH, INTERESTS, BATCH = 64, 4, 1024
USERS = 100_000
_STEPS, _WARM_UP = 15, 3


def measure_steps(items: int, seed: int) -> dict[str, Any]:
    """Return seconds a step, distinct rows that it touches, bytes of model and optimiser."""
    sequences = drawn_sequences(USERS, items, seed)
    network_class = MODELS["OPAL"]
    settings = network_class.Settings(hidden_size=WIDTH, num_interests=INTERESTS)
    batches = endless_batches(sequences, BATCH, seed)
    torch.manual_seed(seed)
    before = resident()["VmData"]
    counts = torch.zeros(items + 1, dtype=torch.int64)
    network = network_class(settings, Catalogue(items + 1, counts, LENGTH))
    optimiser = build_optimizer(
        network, {"learner": "adam", "learning_rate": 0.01, "weight_decay": 1e-4}
    )
    found: dict[str, Any] = {}
    network.train()
    touched: list[int] = []
    table = network.items.embedding.weight

    def step() -> None:
        optimiser.zero_grad()
        sum(network.calculate_loss(next(batches))).backward()
        touched.append(table.grad._nnz())
        optimiser.step()

    step()
    for moment in _moments(optimiser):
        moment.add_(0.0)  # else the first visit of a page would count, which training pays once
    for stage in ("soft", "hard"):  # the last one looks up the next item alone: it takes less
        network.set_stage(stage)
        seconds = []
        for _ in range(_WARM_UP + _STEPS):
            started = process_time()
            step()
            seconds.append(process_time() - started)
        found[f"{stage}_step_seconds"] = median(seconds[_WARM_UP:])
    found["memory_bytes"] = resident()["VmData"] - before
    found["touched_rows"] = median(touched)
    parameters = sum(each.numel() for each in network.parameters())
    found["other_parameters"] = parameters - table.numel()
    return found


def _moments(optimiser: Any) -> Iterator[Tensor]:
    for each in optimiser.optimizers:
        for state in each.state.values():
            yield from (state["exp_avg"], state["exp_avg_sq"])

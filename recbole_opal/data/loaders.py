"""Loaders of our models: an epoch of random cuts, and the rows of an evaluation."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch

from recbole_opal.batches import EvaluationBatch, TrainingBatch
from recbole_opal.data.rows import EvalRows, FutureRows
from recbole_opal.data.user_sequences import IntArray
from recbole_opal.distributed.group import current
from recbole_opal.distributed.rows import own_part

__all__ = ["EvaluationLoader", "FutureTrainLoader", "ShuffledRows"]


class ShuffledRows:
    """What all training loaders share: shuffling by one generator, and lazily gathered rows.

    Order and cuts come from `generator` alone, so that saving and restoring it makes a resumed
    run draw the batches the unbroken one would have drawn. (RecBole's pairwise negatives come
    from numpy's global generator, which a run's state holds too.) Of `sample_size` rows an epoch
    has `most_rows` if those are fewer, drawn anew each time; a batch has `step`, which
    `collate_fn` gathers by their numbers.
    """

    rows: Any
    sample_size: int
    most_rows: int | None
    step: int
    shuffle: bool
    generator: torch.Generator
    collate_fn: Callable[[IntArray], Any]

    def __iter__(self) -> Iterator[Any]:
        """Yield the batches of one epoch, without a Python object per row."""
        if self.shuffle:
            order = torch.randperm(self.sample_size, generator=self.generator).numpy()
        else:
            order = np.arange(self.sample_size)
        order = order[: self.epoch_size]
        for start in range(0, len(order), self.step):
            yield self.collate_fn(order[start : start + self.step])

    def __len__(self) -> int:
        """Return the number of batches of one epoch."""
        return math.ceil(self.epoch_size / self.step)

    @property
    def epoch_size(self) -> int:
        """Number of rows of one epoch."""
        return min(self.sample_size, self.most_rows or self.sample_size)


class FutureTrainLoader(ShuffledRows):
    """Batches of random cuts with up to W future targets, for multi-interest models.

    `settings` say `train_batch_size`, `epoch_rows`, `shuffle` and `seed`.
    """

    def __init__(self, settings: Any, rows: FutureRows) -> None:
        self.rows, self.sample_size = rows, len(rows)
        self.step, self.most_rows = settings["train_batch_size"], settings["epoch_rows"]
        self.shuffle = settings["shuffle"]
        self.generator = torch.Generator()
        self.generator.manual_seed(settings["seed"])

    def collate_fn(self, index: IntArray) -> TrainingBatch:
        """Gather the rows `index`, each at a fresh random cut; each process its part."""
        draws = torch.rand(len(index), generator=self.generator, dtype=torch.float64)
        own = own_part(len(index))
        batch: TrainingBatch = self.rows.batch(index[own], draws.numpy()[own])
        return batch


@dataclass(frozen=True)
class EvaluationLoader:
    """Batches of rows with any number of targets, in their order.

    `known` is what may be known of the users when the part begins, if that is more than the
    training part, for models that serve from a user's interactions.
    """

    rows: EvalRows
    step: int  # rows of a batch
    dataset: Any = None  # the training dataset, for metrics that look into it
    inputs: Callable[[EvaluationBatch], Any] | None = None  # what the model is asked; None: as is
    known: Any = None
    in_step: bool = False  # every process yields as many batches, perhaps an empty one at the end

    def __len__(self) -> int:
        """Return the number of batches."""
        return math.ceil(len(self.rows) / self.step)

    def __iter__(self) -> Iterator[EvaluationBatch]:
        """Yield the batches; of several processes, each yields whole ones that follow each other.

        So every list is computed among the same users however many processes there are.
        """
        group, own = current(), own_part(len(self))
        for start in range(0, len(self.rows), self.step)[own]:
            yield self._batch(np.arange(start, min(start + self.step, len(self.rows))))
        if self.in_step and group is not None and (own.stop - own.start) * group.size < len(self):
            yield self._batch(np.arange(0))

    def alone(self, most: int) -> Iterator[EvaluationBatch]:
        """Yield at most so many rows, spread evenly over the part, each as a batch of its own."""
        for row in np.unique(np.linspace(0, len(self.rows) - 1, most).astype(np.int64)):
            yield self._batch(np.array([row]))

    def _batch(self, index: IntArray) -> EvaluationBatch:
        batch = self.rows.batch(index)
        return batch if self.inputs is None else replace(batch, inputs=self.inputs(batch))

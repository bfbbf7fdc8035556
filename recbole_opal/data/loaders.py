"""RecBole data loaders whose batches are gathered from flat arrays."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from recbole.data.dataloader import NegSampleDataLoader, TrainDataLoader
from recbole.data.interaction import Interaction

from recbole_opal.data.rows import FutureRows, NextItemRows, TrainBatch
from recbole_opal.data.user_sequences import IntArray

__all__ = ["FUTURE_ITEMS", "FutureTrainLoader", "GatheringLoader", "NextItemTrainLoader"]

FUTURE_ITEMS = "future_items"
"""Field of the future targets: (B, <= W) int64, right-padded with 0."""


class GatheringLoader(TrainDataLoader):
    """What all training loaders share: shuffling by one generator, and lazily gathered rows.

    Order and cuts come from `self.generator` alone, so that saving and restoring it makes a
    resumed run draw the batches the unbroken one would have drawn. (RecBole's pairwise negatives
    come from numpy's global generator, which a run's state holds too.)
    """

    def __init__(self, config: Any, dataset: Any, rows: Any, sampler: Any, shuffle: bool) -> None:
        self.rows = rows
        self._set_neg_sample_args(
            config, dataset, config["MODEL_INPUT_TYPE"], config["train_neg_sample_args"]
        )
        self.sample_size = len(rows)
        # TrainDataLoader would count the dataset's interactions instead of our rows.
        NegSampleDataLoader.__init__(self, config, dataset, sampler, shuffle=shuffle)

    def __iter__(self) -> Iterator[Interaction]:
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
        return math.ceil(self.epoch_size / int(self.step))

    @property
    def epoch_size(self) -> int:
        """Number of rows of one epoch: all, or `epoch_rows` of them, drawn anew each time."""
        return min(int(self.sample_size), self.config["epoch_rows"] or int(self.sample_size))

    def _history_fields(self, batch: TrainBatch) -> dict[str, torch.Tensor]:
        suffix = self.config["LIST_SUFFIX"]
        fields = {
            self.uid_field: torch.from_numpy(batch.users),
            self.iid_field + suffix: torch.from_numpy(batch.histories),
            self.config["ITEM_LIST_LENGTH_FIELD"]: torch.from_numpy(batch.lengths),
        }
        if batch.times is not None:
            fields[self.config["TIME_FIELD"] + suffix] = torch.from_numpy(batch.times)
        return fields


class FutureTrainLoader(GatheringLoader):
    """Batches of random cuts with up to W future targets, for multi-interest models.

    Args:
        config: the settings of the run.
        dataset: the training dataset.
        rows: where rows come from.
        shuffle: whether each epoch has its own order.
    """

    def __init__(self, config: Any, dataset: Any, rows: FutureRows, shuffle: bool = True) -> None:
        super().__init__(config, dataset, rows, sampler=None, shuffle=shuffle)

    def collate_fn(self, index: IntArray) -> Interaction:
        """Gather the rows `index`, each at a fresh random cut."""
        draws = torch.rand(len(index), generator=self.generator, dtype=torch.float64)
        batch = self.rows.batch(index, draws.numpy())
        fields = self._history_fields(batch)
        fields[FUTURE_ITEMS] = torch.from_numpy(batch.targets)
        return Interaction(fields)


class NextItemTrainLoader(GatheringLoader):
    """Batches of (prefix, next item), for RecBole's own sequential models.

    Args:
        config: the settings of the run.
        dataset: the training dataset.
        rows: where rows come from.
        sampler: RecBole's negative sampler, used with `loss_type: BPR` only.
        shuffle: whether each epoch has its own order.
    """

    def __init__(
        self, config: Any, dataset: Any, rows: NextItemRows, sampler: Any, shuffle: bool = True
    ) -> None:
        super().__init__(config, dataset, rows, sampler=sampler, shuffle=shuffle)

    def collate_fn(self, index: IntArray) -> Interaction:
        """Gather the rows `index` and, where the loss needs them, RecBole's negatives."""
        batch = self.rows.batch(index)
        fields = self._history_fields(batch)
        fields[self.iid_field] = torch.from_numpy(batch.targets[:, 0])
        interaction = self.transform(self._dataset, Interaction(fields))
        return self._neg_sampling(interaction)

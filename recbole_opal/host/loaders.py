"""Loaders of RecBole's own models: padded interactions, with RecBole's negatives."""

from __future__ import annotations

from typing import Any

import torch
from recbole.data.dataloader import TrainDataLoader
from recbole.data.interaction import Interaction
from torch import Tensor

from recbole_opal.batches import EvaluationBatch, Histories
from recbole_opal.data.loaders import ShuffledRows
from recbole_opal.data.user_sequences import IntArray

__all__ = ["GatheringLoader", "NextItemTrainLoader", "PaddedInputs", "rows_at_once"]


class GatheringLoader(ShuffledRows, TrainDataLoader):
    """RecBole's training loader, which adds negatives, over rows that are gathered when asked for.

    RecBole's own iterates over a list of row numbers, by torch's workers.
    """

    def __init__(self, config: Any, dataset: Any, rows: Any, sampler: Any, shuffle: bool) -> None:
        super().__init__(config, dataset, sampler, shuffle=shuffle)
        # RecBole has counted the dataset's interactions.
        self.rows, self.sample_size, self.most_rows = rows, len(rows), config["epoch_rows"]


class NextItemTrainLoader(GatheringLoader):
    """Batches of (prefix, next item), for RecBole's own sequential models."""

    def collate_fn(self, index: IntArray) -> Interaction:
        """Gather the rows `index` and, where the loss needs them, RecBole's negatives."""
        batch, users = self.rows.batch(index), torch.from_numpy(self.rows.users(index))
        fields = PaddedInputs(self.config, self._dataset).fields(users, batch.histories)
        return self._neg_sampling(Interaction(fields | {self.iid_field: batch.targets[:, 0]}))


class PaddedInputs:
    """What RecBole's sequential models read: ids right-padded with 0 to the longest history."""

    def __init__(self, config: Any, dataset: Any) -> None:
        self._user = dataset.uid_field
        self._items = dataset.iid_field + config["LIST_SUFFIX"]
        self._length = config["ITEM_LIST_LENGTH_FIELD"]
        self._width = config["MAX_ITEM_LIST_LENGTH"]

    def fields(self, users: Tensor, histories: Histories) -> dict[str, Tensor]:
        """Return the columns of (B,) users with their histories."""
        filled = torch.arange(self._width) < histories.lengths[:, None]
        items = torch.zeros(filled.shape, dtype=torch.int64)
        items[filled] = histories.items
        return {self._user: users, self._items: items, self._length: histories.lengths}

    def __call__(self, batch: EvaluationBatch) -> Interaction:
        """Return what a model is asked with."""
        return Interaction(self.fields(batch.users, batch.inputs))


def rows_at_once(config: Any, num_items: int) -> int:
    """Return `eval_batch_size`, or less where a score an item would exceed `score_memory_mb`."""
    fitting = int((config["score_memory_mb"] or 512) * 2**20) // (4 * num_items)  # of float32
    size: int = min(config["eval_batch_size"], max(1, fitting))
    return size

"""Loaders of RecBole's own models: its interactions and negatives, gathered when asked for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from recbole.data.dataloader import TrainDataLoader
from recbole.data.interaction import Interaction
from recbole.data.utils import create_samplers
from recbole.sampler import Sampler
from torch import Tensor

from recbole_opal.batches import EvaluationBatch, Histories
from recbole_opal.data.loaders import ShuffledRows
from recbole_opal.data.rows import NextItemRows
from recbole_opal.data.user_sequences import IntArray
from recbole_opal.errors import DataError
from recbole_opal.host.dataset import FutureItemDataset
from recbole_opal.host.upstream_models import trained_on

__all__ = ["GatheringLoader", "PaddedInputs", "rows_at_once", "upstream_train_loader"]


class GatheringLoader(ShuffledRows, TrainDataLoader):
    """RecBole's training loader, which adds negatives, over rows that are gathered when asked for.

    RecBole's own iterates over a list of row numbers, by torch's workers. `gather` makes a batch of
    some numbers of `rows`; models that learn from positives only have no sampler.
    """

    def __init__(
        self,
        config: Any,
        dataset: FutureItemDataset,
        rows: Any,
        gather: Callable[[IntArray], Interaction],
        sampler: Any = None,
    ) -> None:
        super().__init__(config, dataset, sampler, shuffle=config["shuffle"])
        # RecBole has counted the dataset's interactions.
        self.rows, self.sample_size, self.most_rows = rows, len(rows), config["epoch_rows"]
        self._gather = gather

    def collate_fn(self, index: IntArray) -> Interaction:
        """Gather the rows `index` and, where the loss needs them, RecBole's negatives."""
        batch = self._gather(index)
        return batch if self._sampler is None else self._neg_sampling(batch)


def upstream_train_loader(config: Any, dataset: FutureItemDataset) -> GatheringLoader:
    """Return the training loader of a model of RecBole's own.

    Its sequential models learn from prefixes and next items, its autoencoders, which hold the
    interactions themselves, from users, and the others from the interactions that sequential
    models are trained on; a negative is uniform over the items the user has not met in training.

    Raises:
        DataError: a user has met all items, so that there is no negative.
    """
    user, item = dataset.uid_field, dataset.iid_field
    kind = trained_on(config.model_class)
    if kind == "histories":
        width = config["MAX_ITEM_LIST_LENGTH"]
        prefixes = NextItemRows(dataset.sequences, dataset.split, history_width=width)
        padded = PaddedInputs(config, dataset)

        def next_items(index: IntArray) -> Interaction:
            batch, users = prefixes.batch(index), torch.from_numpy(prefixes.users(index))
            return Interaction(padded.fields(users, batch.histories) | {item: batch.targets[:, 0]})

        sampler, _, _ = create_samplers(config, dataset, [dataset, dataset, dataset])
        return GatheringLoader(config, dataset, prefixes, next_items, sampler)
    named = (user,) if kind == "users" else (user, item)
    columns = {name: dataset.inter_feat[name] for name in named}
    if kind == "users":
        columns[user] = torch.unique(columns[user])

    def chosen(index: IntArray) -> Interaction:  # RecBole's own goes through a list of numbers
        places = torch.from_numpy(index)
        return Interaction({name: column[places] for name, column in columns.items()})

    sampler = None if kind in ("users", "interactions") else _negatives(config, dataset)
    loader = GatheringLoader(config, dataset, columns[user], chosen, sampler)
    if kind == "interactions":
        # Pop counts them: a count of some of them would be another model, another for each seed.
        loader.most_rows = None
    return loader


def _negatives(config: Any, dataset: FutureItemDataset) -> Any:
    try:
        return Sampler("train", dataset).set_phase("train")
    except ValueError as error:
        raise DataError(
            f"a user of dataset '{config['dataset']}' has met every item in training, so that "
            f"{config['model']} has no negative item for it; leave such users out with "
            "--user_inter_num_interval."
        ) from error


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

"""Batches for RecBole's general models, which know users and items but no order."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from recbole.data.interaction import Interaction
from recbole.sampler import Sampler

from recbole_opal.data.user_sequences import IntArray
from recbole_opal.errors import DataError
from recbole_opal.host.dataset import FutureItemDataset
from recbole_opal.host.loaders import GatheringLoader
from recbole_opal.host.upstream_models import trained_on

__all__ = [
    "CountedInteractionLoader",
    "InteractionTrainLoader",
    "UserTrainLoader",
    "general_train_loader",
]


class InteractionTrainLoader(GatheringLoader):
    """Batches of training interactions, each with RecBole's negatives where the loss needs them.

    These are the interactions that sequential models are trained on; a negative is uniform over
    the items the user has not met in training.

    Args:
        config: the settings of the run.
        dataset: the training dataset.
        sampler: RecBole's negative sampler; None for models that learn from positives only.
        shuffle: whether each epoch has its own order.
    """

    def __init__(
        self, config: Any, dataset: FutureItemDataset, sampler: Any, shuffle: bool = True
    ) -> None:
        self._interactions = dataset.inter_feat
        super().__init__(config, dataset, self._interactions, sampler, shuffle)

    def collate_fn(self, index: IntArray) -> Interaction:
        """Gather the interactions `index` and their negatives."""
        fields = (self.uid_field, self.iid_field)
        chosen = torch.as_tensor(np.asarray(index))
        batch = Interaction({field: self._interactions[field][chosen] for field in fields})
        return self._neg_sampling(batch)


class CountedInteractionLoader(InteractionTrainLoader):
    """Batches of every training interaction, for models that count them (Pop).

    `epoch_rows` shortens the epochs of models that learn by steps; a count of some of the rows
    would be another model, and another one for each seed.
    """

    @property
    def epoch_size(self) -> int:
        """Number of rows of the one epoch: all."""
        return len(self._interactions)


class UserTrainLoader(GatheringLoader):
    """Batches of users, for autoencoders, which hold the users' interactions themselves.

    RecBole's `UserDataLoader` without its padding user, whose row is empty.

    Args:
        config: the settings of the run.
        dataset: the training dataset.
        shuffle: whether each epoch has its own order.
    """

    def __init__(self, config: Any, dataset: FutureItemDataset, shuffle: bool = True) -> None:
        self._users = torch.unique(dataset.inter_feat[dataset.uid_field])
        super().__init__(config, dataset, self._users, None, shuffle)

    def collate_fn(self, index: IntArray) -> Interaction:
        """Gather the users `index`."""
        return Interaction({self.uid_field: self._users[torch.as_tensor(np.asarray(index))]})


def general_train_loader(
    config: Any, dataset: FutureItemDataset
) -> InteractionTrainLoader | UserTrainLoader:
    """Return the training loader of a general model.

    Args:
        config: the settings of the run.
        dataset: the training dataset.

    Raises:
        DataError: a user has met all items, so that there is no negative.
    """
    batches = trained_on(config.model_class)
    if batches == "users":
        return UserTrainLoader(config, dataset, shuffle=config["shuffle"])
    if batches == "interactions":
        return CountedInteractionLoader(config, dataset, None, shuffle=config["shuffle"])
    try:
        sampler = Sampler("train", dataset).set_phase("train")
    except ValueError as error:
        raise DataError(
            f"a user of dataset '{config['dataset']}' has met every item in training, so that "
            f"{config['model']} has no negative item for it; leave such users out with "
            "--user_inter_num_interval."
        ) from error
    return InteractionTrainLoader(config, dataset, sampler, shuffle=config["shuffle"])

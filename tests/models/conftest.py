"""One of our models on the log `tiny`, with a batch of each kind."""

from dataclasses import dataclass
from typing import Any

import pytest
import torch

from recbole_opal.batches import Histories, TrainingBatch
from recbole_opal.host import find_model_class
from recbole_opal.host.config import OpalConfig
from recbole_opal.host.prepare import prepare_data
from recbole_opal.models import MultiInterestNetwork


@dataclass
class Built:
    """A model that is not trained.

    Attributes:
        recommender: as RecBole knows it.
        network: inside it.
        batch: the first of training.
        inputs: the first of the test part.
        data: of the run.
    """

    recommender: Any
    network: MultiInterestNetwork
    batch: TrainingBatch
    inputs: Histories
    data: Any

    def losses(self, batch: TrainingBatch | None = None, seed: int = 1) -> dict[str, torch.Tensor]:
        """Return the parts of the loss by name, with the same negatives each time."""
        torch.manual_seed(seed)
        parts = self.network.calculate_loss(batch or self.batch)
        return dict(zip(self.network.loss_names, parts, strict=True))


@pytest.fixture
def build_model(quick_settings):
    """Return what builds a model of a name, in training mode."""

    def make(name, /, *without, **changes):
        given = {key: value for key, value in quick_settings.items() if key not in without}
        config = OpalConfig(name, "tiny", given | changes)
        data = prepare_data(config, future_items=True)
        torch.manual_seed(0)
        recommender = find_model_class(name)(config, data.dataset)
        first = next(iter(data.test))
        return Built(
            recommender,
            recommender.network,
            recommender.training_batch(next(iter(data.train))),
            recommender.histories(first.inputs if hasattr(first, "inputs") else first[0]),
            data,
        )

    return make

"""One model in one recipe and one stage, with a small log to train it on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from recbole_opal.batches import Histories, TrainingBatch
from recbole_opal.host import find_model_class
from recbole_opal.host.config import OpalConfig
from recbole_opal.host.prepare import PreparedData, prepare_data
from recbole_opal.host.recommender import MultiInterestRecommender, as_recommender
from recbole_opal.host.validation import known_settings
from recbole_opal.models.base import MultiInterestNetwork
from recbole_opal.testing.small_log import write_small_log

__all__ = ["ContractCase", "part", "recommender_class"]

DATASET = "contract"
LENGTH = 10  # of the longest history
_SMALL: dict[str, Any] = {
    "epochs": 1,
    "train_batch_size": 64,
    "cuts_per_user": 2,
    "hidden_size": 8,
    "num_interests": 3,
    "num_negatives": 20,
    "MAX_ITEM_LIST_LENGTH": LENGTH,
    "topk": [5, 10],
    "valid_metric": "Recall@10",
    "tensorboard": False,
    "show_progress": False,
    "state": "ERROR",
    "use_gpu": False,
}


def recommender_class(model: str | type[Any]) -> type[MultiInterestRecommender]:
    """Return the recommender of a model: of a network, or of the name that `--model` takes."""
    return find_model_class(model) if isinstance(model, str) else as_recommender(model)


@dataclass(frozen=True)
class ContractCase:
    """What one test of the contract works with.

    Attributes:
        recommender: untrained, in evaluation mode; the same weights each time.
        data: 60 users, 48 items.
        config: the settings.
        settings: those that are not defaults, to build another model from.
    """

    recommender: MultiInterestRecommender
    data: PreparedData
    config: OpalConfig
    settings: dict[str, Any]

    @classmethod
    def build(
        cls,
        model_class: type[Any],
        folder: Path,
        *,
        recipe: str,
        stage: str,
        settings: Mapping[str, Any],
    ) -> ContractCase:
        """Write the log into an empty folder, read it as a run would, and build the model."""
        write_small_log(folder, DATASET)
        recommender = as_recommender(model_class)
        places = {"data_path": str(folder), "checkpoint_dir": str(folder / "saved")}
        known = known_settings(recommender)
        small = _SMALL | ({"future_window": 3} if recipe == "default" else {"recipe": recipe})
        small = {name: value for name, value in small.items() if name in known}
        chosen = small | places | dict(settings)
        config = OpalConfig(recommender, DATASET, chosen)
        data = prepare_data(config, future_items=True)
        return cls(_built(recommender, config, data, stage).eval(), data, config, chosen)

    @property
    def model(self) -> MultiInterestNetwork:
        """The network inside the recommender."""
        return self.recommender.network

    def variant(self, settings: Mapping[str, Any]) -> MultiInterestNetwork:
        """Return a model with other settings on the same data, untrained, in training mode."""
        recommender = type(self.recommender)
        config = OpalConfig(recommender, DATASET, self.settings | dict(settings))
        return _built(recommender, config, self.data, self.model.stage).network

    def histories(self, lengths: Sequence[int] = (1, LENGTH, 4, 7)) -> Histories:
        """Return random histories of these lengths, at most `LENGTH`, with times."""
        generator = torch.Generator().manual_seed(0)
        shape = (len(lengths), LENGTH)
        counts = torch.tensor(lengths)
        filled = torch.arange(LENGTH) < counts.unsqueeze(1)
        items = torch.randint(1, self.recommender.n_items, shape, generator=generator)
        gaps = torch.rand(shape, generator=generator, dtype=torch.float64) * 1e5
        return Histories(items[filled], counts, (1.6e9 + gaps.cumsum(dim=1))[filled])

    def training_rows(self, count: int) -> TrainingBatch:
        """Return the first rows of a training batch."""
        batch = self.recommender.training_batch(next(iter(self.data.train)))
        return TrainingBatch(part(batch.histories, range(count)), batch.targets[:count].clone())

    def interests(self, histories: Histories) -> Tensor:
        """Return what the model makes of histories, (B, K, D')."""
        with torch.no_grad():
            return self.model.interests(histories)


def part(histories: Histories, rows: Sequence[int], longest: int | None = None) -> Histories:
    """Return some rows, in the order that is asked for, each cut to its oldest items.

    Args:
        histories: of all rows.
        rows: which.
        longest: items that are left of each; None: all.
    """
    ends, places = histories.lengths.cumsum(0), torch.arange(len(histories.items))
    chosen = [places[ends[row] - histories.lengths[row] : ends[row]][:longest] for row in rows]
    lengths, kept = torch.tensor([len(row) for row in chosen]), torch.cat(chosen)
    times = None if histories.times is None else histories.times[kept]
    return Histories(histories.items[kept], lengths, times)


def _built(
    recommender: type[MultiInterestRecommender], config: OpalConfig, data: PreparedData, stage: str
) -> MultiInterestRecommender:
    torch.manual_seed(0)
    model = recommender(config, data.dataset)
    model.set_stage(stage)
    return model

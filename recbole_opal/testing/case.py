"""One model in one recipe and one stage, with a small log to train it on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from recbole_opal.batches import TrainingBatch
from recbole_opal.host import find_model_class
from recbole_opal.host.config import OpalConfig
from recbole_opal.host.prepare import PreparedData, prepare_data
from recbole_opal.host.validation import known_settings
from recbole_opal.models.base import FUTURE_ITEMS, MultiInterestRecommender
from recbole_opal.settings.properties import own_yaml
from recbole_opal.settings.values import load_settings_file
from recbole_opal.testing.small_log import write_small_log

__all__ = ["ContractCase", "model_class_of", "recipes_of"]

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


def model_class_of(model: str | type[MultiInterestRecommender]) -> type[MultiInterestRecommender]:
    """Return a model's class.

    Args:
        model: the class, or the name that `--model` takes.
    """
    found: type[MultiInterestRecommender] = (
        find_model_class(model) if isinstance(model, str) else model
    )
    return found


def recipes_of(model_class: type[MultiInterestRecommender]) -> tuple[str, ...]:
    """Return "shared" and, where the model or its yaml has one, "published"."""
    path = own_yaml(model_class)
    written = path is not None and "published" in load_settings_file(path)
    published = written or hasattr(model_class, "published")
    return ("shared", "published") if published else ("shared",)


@dataclass(frozen=True)
class ContractCase:
    """What one test of the contract works with.

    Attributes:
        model: untrained, in evaluation mode; the same weights each time.
        data: 60 users, 48 items.
        config: the settings.
        settings: those that are not defaults, to build another model from.
    """

    model: MultiInterestRecommender
    data: PreparedData
    config: OpalConfig
    settings: dict[str, Any]

    @classmethod
    def build(
        cls,
        model_class: type[MultiInterestRecommender],
        folder: Path,
        *,
        recipe: str,
        stage: str,
        settings: Mapping[str, Any],
    ) -> ContractCase:
        """Write the log, read it as a run would, and build the model.

        Args:
            model_class: the model's class.
            folder: an empty folder.
            recipe: "shared" or "published".
            stage: one of the model's stages.
            settings: further settings.
        """
        write_small_log(folder, DATASET)
        places = {"data_path": str(folder), "checkpoint_dir": str(folder / "saved")}
        known = known_settings(model_class)
        small = _SMALL | ({"future_window": 3} if recipe == "shared" else {"recipe": recipe})
        small = {name: value for name, value in small.items() if name in known}
        chosen = small | places | dict(settings)
        config = OpalConfig(model_class, DATASET, chosen)
        data = prepare_data(config, future_items=True)
        torch.manual_seed(0)
        model = model_class(config, data.dataset).eval()
        model.set_stage(stage)
        return cls(model, data, config, chosen)

    def histories(self, lengths: Sequence[int] = (1, LENGTH, 4, 7)) -> dict[str, Tensor]:
        """Return a batch of random histories, with times where the model reads them.

        Args:
            lengths: of the rows, each in [1, `LENGTH`].

        Returns:
            The model's fields, (B, `LENGTH`) each, right-padded with 0.
        """
        generator = torch.Generator().manual_seed(0)
        shape = (len(lengths), LENGTH)
        filled = torch.arange(LENGTH) < torch.tensor(lengths).unsqueeze(1)
        items = torch.randint(1, self.model.n_items, shape, generator=generator)
        batch = {self.model.ITEM_SEQ: items * filled}
        if self.model.needs_times:
            gaps = torch.rand(shape, generator=generator, dtype=torch.float64) * 1e5
            batch[self.model.TIME_SEQ] = (1.6e9 + gaps.cumsum(dim=1)) * filled
        return batch

    def first_rows(self, count: int) -> dict[str, Tensor]:
        """Return the first rows of a training batch as the model's fields, padded."""
        batch: TrainingBatch = next(iter(self.data.train))
        lengths = batch.histories.lengths
        filled = torch.arange(int(lengths.max())) < lengths[:, None]
        found = {self.model.ITEM_SEQ: batch.histories.items, FUTURE_ITEMS: batch.targets}
        if batch.histories.times is not None:
            found[self.model.TIME_SEQ] = batch.histories.times
        for name in set(found) - {FUTURE_ITEMS}:
            found[name] = found[name].new_zeros(filled.shape).masked_scatter(filled, found[name])
        return {name: values[:count].clone() for name, values in found.items()}

    def variant(self, settings: Mapping[str, Any]) -> MultiInterestRecommender:
        """Return a model with other settings on the same data, untrained, in training mode.

        Args:
            settings: further settings of the model.
        """
        model_class = type(self.model)
        config = OpalConfig(model_class, DATASET, self.settings | dict(settings))
        torch.manual_seed(0)
        model = model_class(config, self.data.dataset)
        model.set_stage(self.model.stage)
        return model

    def interests(self, batch: Mapping[str, Tensor]) -> Tensor:
        """Return what the model makes of histories, (B, K, D')."""
        with torch.no_grad():
            return self.model.interests(batch)

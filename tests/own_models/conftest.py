"""A folder outside the checkout that holds models of a user's."""

import sys

import pytest

MODELS = '''
import torch
from pydantic import Field
from recbole.model.abstract_recommender import SequentialRecommender
from recbole.model.sequential_recommender import GRU4Rec

from recbole_opal import MultiInterestNetwork, MultiInterestSettings, Section


class Decayed(MultiInterestNetwork):
    class Settings(MultiInterestSettings):
        decay: float = Field(0.8, gt=0, le=1, description="weight of an item against the next")

    published = {"decay": 0.25, "similarity": "inner_product", "weight_decay": 0.0}
    search = {"decay": {"choices": [0.8, 0.5]}}

    def __init__(self, settings, catalogue):
        super().__init__(settings, catalogue)
        self.decay = settings.decay

    def encode(self, history):
        weights = self.decay ** -history.columns().float()
        return history.sum_by_row(weights[:, None] * history.vectors)[:, None]


class ThreeSteps(Decayed):
    stages = ("warm", "main", "cool")

    def encode(self, history):
        return super().encode(history) * (1.0 + self.stages.index(self.stage))


class LastItem(SequentialRecommender):
    """As RecBole's users write them: no `input_type`, one loss."""

    class Settings(Section):
        width: int = Field(4, ge=1, le=64, description="width of the vectors")

    def __init__(self, config, dataset):
        super().__init__(config, dataset)
        self.item = torch.nn.Embedding(self.n_items, config["width"])
        self.out = torch.nn.Embedding(self.n_items, config["width"])

    def calculate_loss(self, interaction):
        scores = self.full_sort_predict(interaction)
        return torch.nn.functional.cross_entropy(scores, interaction[self.POS_ITEM_ID])

    def full_sort_predict(self, interaction):
        vectors = self.item(interaction[self.ITEM_SEQ])
        return self.gather_indexes(vectors, interaction[self.ITEM_SEQ_LEN] - 1) @ self.out.weight.T


class NarrowGRU(GRU4Rec):
    """Has the settings of the model it is derived from."""


class StagedGRU(GRU4Rec):
    stages = ("warm", "main")

    def set_stage(self, stage):
        self.stage = stage


class NoModel:
    pass
'''


@pytest.fixture
def write_module(tmp_path, monkeypatch):
    """Return what writes a module into the working folder; it is forgotten afterwards."""
    monkeypatch.chdir(tmp_path)
    before = set(sys.modules)

    def write(name, text):
        (tmp_path / name).write_text(text)
        return tmp_path / name

    yield write
    for name in set(sys.modules) - before:
        if "their" in name or name.startswith("own_model_"):
            del sys.modules[name]


@pytest.fixture
def models_file(write_module):
    return write_module("their_models.py", MODELS)


@pytest.fixture
def settings(quick_settings):
    """Settings that every model knows."""
    of_ours = ("cuts_per_user", "hidden_size", "num_interests", "num_negatives", "future_window")
    return {k: v for k, v in quick_settings.items() if k not in of_ours} | {"epochs": 1}

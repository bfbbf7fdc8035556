"""A recommender over twelve items that was never trained, and runs of the data set `tiny`."""

import functools
from pathlib import Path

import numpy as np
import pytest
import torch

import recbole_opal
from recbole_opal.models import MODELS, Catalogue
from recbole_opal.serving.recommender import Recommender
from recbole_opal.serving.trained import TrainedModel

LONGEST = 5
COUNTS = np.array([0, 3, 9, 9, 0, 1, 2, 4, 4, 5, 6, 7, 8])


def make_trained(model: str = "OPAL", **settings) -> TrainedModel:
    """Return a network with drawn weights over the items i1 ... i12, two categories."""
    network = MODELS[model]
    quick = {"hidden_size": 8, "num_interests": 3, "temperature": 0.1}
    section = network.Settings.model_validate(quick | settings)
    with torch.random.fork_rng():
        torch.manual_seed(1)
        built = network(section, Catalogue(len(COUNTS), torch.from_numpy(COUNTS), LONGEST)).eval()
    tokens = ["[PAD]", *(f"i{number}" for number in range(1, len(COUNTS)))]
    categories = np.array([[0], *([1 + number % 2] for number in range(1, len(COUNTS)))])
    longest = {"MAX_ITEM_LIST_LENGTH": LONGEST}
    return TrainedModel(
        Path("nowhere"), "soft", built, longest, tokens, COUNTS, categories, ("[PAD]", "a", "b")
    )


@pytest.fixture
def make_recommender():
    def make(model: str = "OPAL", **settings) -> Recommender:
        return Recommender(make_trained(model, **settings))

    return make


@pytest.fixture(scope="session")
def recommender():
    """Return one that tests share, since nothing in it changes."""
    return Recommender(make_trained())


@pytest.fixture(scope="session")
def run_of(data_path, tmp_path_factory):
    """Return the folder of a run of a model, each trained once."""

    @functools.cache
    def train(model: str, **settings) -> Path:
        place = tmp_path_factory.mktemp("runs")
        ours = {
            "train_batch_size": 64,
            "cuts_per_user": 2,
            "hidden_size": 8,
            "num_interests": 3,
            "num_negatives": 20,
            "future_window": 3,
            "MAX_ITEM_LIST_LENGTH": 10,
        }
        if model not in MODELS:
            ours = {}
        elif "num_interests" not in MODELS[model].Settings.model_fields:
            del ours["num_interests"]
        with pytest.MonkeyPatch.context() as patch:
            patch.chdir(place)  # RecBole writes log folders where it stands
            result = recbole_opal.run(
                model,
                "tiny",
                data_path=str(data_path),
                checkpoint_dir=str(place / "saved"),
                epochs=2,
                topk=[5, 10],
                valid_metric="Recall@10",
                tensorboard=False,
                show_progress=False,
                **ours,
                **settings,
            )
        return result.folder

    return train

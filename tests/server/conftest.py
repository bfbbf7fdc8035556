"""A bundle that was never trained, and the service in front of it."""

import functools
import warnings
from pathlib import Path

import numpy as np
import pytest
import torch

from recbole_opal.models import MODELS, Catalogue
from recbole_opal.runs import RunFolder

ITEMS = 200
TOKENS = ["[PAD]", *(str(number) for number in range(1, ITEMS))]
LONGEST = 20


def write_bundle(path: Path, seed: int = 1, model: str = "OPAL") -> Path:
    """Write what `load` reads, with drawn weights."""
    network = MODELS[model]
    counts = np.arange(ITEMS)
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        section = network.Settings.model_validate({"hidden_size": 8, "num_interests": 3})
        built = network(section, Catalogue(ITEMS, torch.from_numpy(counts), LONGEST))
    stage = network.stages[0]
    settings = {
        "model": model,
        "dataset": "tiny",
        "ITEM_ID_FIELD": "item_id",
        "MAX_ITEM_LIST_LENGTH": LONGEST,
        "category_field": "class",
        **section.model_dump(),
    }
    with RunFolder.making(path, {}) as folder, folder.update():
        folder.save_yaml("config.yaml", settings)
        folder.save_json("ids.json", {"item_id": TOKENS, "class": ["[PAD]", "odd", "even"]})
        folder.save_arrays("item_counts.npz", {"counts": counts})
        numbers = np.arange(1, ITEMS)
        folder.save_arrays("item_categories.npz", {"item": numbers, "category": 1 + numbers % 2})
        folder.save_json("metrics.json", {"best_stage": stage})
        folder.save_weights(stage, built.state_dict())
    return path


@pytest.fixture
def bundle(tmp_path):
    return write_bundle(tmp_path / "bundle")


@pytest.fixture
def make_bundle(tmp_path):
    return lambda name, seed=1, model="OPAL": write_bundle(tmp_path / name, seed, model)


@pytest.fixture
def make_service():
    """Return a function that gives a client of a service over a folder; all end with the test."""
    from contextlib import ExitStack

    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Using .httpx.")  # a successor is not out
        from starlette.testclient import TestClient

    from recbole_opal.server.app import create_app
    from recbole_opal.server.current_model import CurrentModel
    from recbole_opal.server.limits import Limits
    from recbole_opal.serving import load

    with ExitStack() as stack:

        def make(folder: Path, *, every: float = 60.0, **limits) -> TestClient:
            current = CurrentModel(folder, functools.partial(load), every=every)
            app = create_app(current, Limits(**limits))
            return stack.enter_context(TestClient(app, raise_server_exceptions=False))

        yield make


@pytest.fixture
def client(bundle, make_service):
    return make_service(bundle)

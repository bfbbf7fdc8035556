"""A run folder that was never trained, with forty items and test users of its own."""

from pathlib import Path

import numpy as np
import pytest
import torch

from recbole_opal.models import MODELS, Catalogue
from recbole_opal.runs import RunFolder

ITEMS = 41
LONGEST = 10


@pytest.fixture(scope="session")
def folder(tmp_path_factory) -> Path:
    """The run; its test users are u1 ... u30."""
    network, counts = MODELS["OPAL"], np.arange(ITEMS)
    section = network.Settings.model_validate({"hidden_size": 8, "num_interests": 3})
    with torch.random.fork_rng():
        torch.manual_seed(1)
        built = network(section, Catalogue(ITEMS, torch.from_numpy(counts), LONGEST))
    settings = {
        "model": "OPAL",
        "dataset": "tiny",
        "USER_ID_FIELD": "uid",
        "ITEM_ID_FIELD": "vid",
        "TIME_FIELD": "ts",
        "MAX_ITEM_LIST_LENGTH": LONGEST,
        **section.model_dump(),
    }
    generator = np.random.default_rng(0)
    lengths = generator.integers(1, 15, 30).astype(np.int32)
    histories = {
        "user_id": np.arange(1, 31),
        "items": generator.integers(1, ITEMS, lengths.sum()).astype(np.int32),
        "lengths": lengths,
    }
    tokens = {
        "uid": ["[PAD]", *(f"u{number}" for number in range(1, 31))],
        "vid": ["[PAD]", *(f"i{number}" for number in range(1, ITEMS))],
    }
    folder = RunFolder.create(tmp_path_factory.mktemp("saved"), "OPAL-tiny")
    with folder.update():
        folder.save_yaml("config.yaml", settings)
        folder.save_json("ids.json", tokens)
        folder.save_arrays("item_counts.npz", {"counts": counts})
        folder.save_arrays("histories-test.npz", histories)
        folder.save_json("metrics.json", {"best_stage": "soft"})
        folder.save_weights("soft", built.state_dict())
    return folder.path

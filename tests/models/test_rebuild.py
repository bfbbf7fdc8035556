"""The mathematics knows no RecBole: a model is rebuilt from its run folder alone."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import recbole_opal
from recbole_opal.errors import CheckpointError
from recbole_opal.host import find_model_class
from recbole_opal.host.config import OpalConfig
from recbole_opal.host.prepare import prepare_data
from recbole_opal.host.validation import known_settings
from recbole_opal.models import MODELS
from recbole_opal.models.rebuild import rebuild
from recbole_opal.runs import RunReader

ROOT = Path(__file__).resolve().parents[2]
WITHOUT_RECBOLE = """
import sys
for name in ("recbole", "pandas"):
    sys.modules[name] = None  # whoever imports it fails
import importlib, pkgutil
import numpy as np
import torch
import recbole_opal.batches, recbole_opal.interests, recbole_opal.losses, recbole_opal.models
import recbole_opal.retrieval, recbole_opal.runs
for package in ("interests", "losses", "models", "retrieval", "runs"):
    path = importlib.import_module(f"recbole_opal.{package}").__path__
    for module in pkgutil.iter_modules(path, f"recbole_opal.{package}."):
        if module.name.rpartition(".")[2] not in ("cpr", "dgcf", "itemknn", "pop"):
            importlib.import_module(module.name)
from recbole_opal.batches import Histories
from recbole_opal.models.rebuild import rebuild
from recbole_opal.runs import RunReader
for folder in sys.argv[2:]:
    run, asked = RunReader.open(folder), np.load(f"{folder}/asked.npz")
    asked = {name: torch.from_numpy(values) for name, values in asked.items()}
    histories = Histories(asked["items"], asked["lengths"], asked.get("times"))
    for stage in run.stages:
        network = rebuild(folder, stage)
        with torch.no_grad():
            table, interests = network.item_table(), network.interests(histories)
        retriever = recbole_opal.retrieval.make_retriever("torch", table, scoring=network.scoring)
        ids = retriever.top_k(interests, 10, (asked["rows"], asked["ids"])).ids.numpy()
        saved = run.load_arrays(f"lists-{stage}-test.npz")
        assert (saved["items"] == ids).all(), (folder, stage)
        print("same lists", type(network).__name__, stage)
"""


def histories_of_the_test_part(folder):
    """Write down what the models were asked with, beside the run: the lists' own order."""
    config = OpalConfig.from_plain(RunReader.open(folder).load_yaml("config.yaml"))
    data = prepare_data(config, future_items=True)
    recommender = find_model_class(config["model"])(config, data.dataset)
    items, lengths, times, rows, ids, start = [], [], [], [], [], 0
    for batch in data.test:
        inputs, excluded = (
            (batch.inputs, batch.excluded) if hasattr(batch, "inputs") else (batch[0], batch[1])
        )
        histories = recommender.histories(inputs)
        items.append(histories.items)
        lengths.append(histories.lengths)
        times.append(histories.times)
        rows.append(excluded[0] + start)
        ids.append(excluded[1])
        start += len(histories)
    found = {"items": items, "lengths": lengths, "rows": rows, "ids": ids}
    found |= {"times": times} if times[0] is not None else {}
    np.savez(folder / "asked.npz", **{k: np.concatenate(v) for k, v in found.items()})


def test_every_model_gives_its_saved_lists_without_recbole_and_its_data(quick_settings, tmp_path):
    folders = []
    for name in MODELS:
        known = known_settings(find_model_class(name))
        own = {k: v for k, v in quick_settings.items() if k in known} | {"epochs": 1}
        folders.append(recbole_opal.run(name, "tiny", **own).folder)
        histories_of_the_test_part(folders[-1])
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_RECBOLE, "-", *map(str, folders)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=300,
        env=os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)},
    )
    assert done.returncode == 0, done.stderr
    stages = sum(len(network.stages) for network in MODELS.values())
    assert done.stdout.count("same lists") == stages == len(MODELS) + 2


def test_a_run_of_another_kind_is_told(quick_settings):
    without = ("cuts_per_user", "hidden_size", "num_interests", "num_negatives", "future_window")
    own = {k: v for k, v in quick_settings.items() if k not in without} | {"epochs": 1}
    result = recbole_opal.run("Pop", "tiny", **own)
    with pytest.raises(CheckpointError, match="a run of Pop, which is no multi-interest network"):
        rebuild(result.folder, "train")

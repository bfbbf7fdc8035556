"""A run of OPAL on the data set `tiny`, trained once, and a catalogue of clustered items."""

import shutil

import pytest
import torch
from torch.nn import functional

import recbole_opal
from recbole_opal.index_report.index_command import main
from recbole_opal.index_report.queries import Queries


@pytest.fixture(scope="session")
def trained(data_path, tmp_path_factory):
    root = tmp_path_factory.mktemp("index")
    settings = {
        "data_path": str(data_path), "checkpoint_dir": "saved", "epochs": 1, "hidden_size": 8,
        "num_interests": 3, "num_negatives": 20, "MAX_ITEM_LIST_LENGTH": 10, "topk": [5, 10],
        "valid_metric": "Recall@10", "stages": "soft", "tensorboard": False,
        "show_progress": False,
    }  # fmt: skip
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(root)
        return root / recbole_opal.run("OPAL", "tiny", **settings).folder


@pytest.fixture
def run(trained, tmp_path, monkeypatch):
    """Return a copy of the run, `run` in the working folder."""
    shutil.copytree(trained, tmp_path / "run")
    monkeypatch.chdir(tmp_path)
    return tmp_path / "run"


@pytest.fixture(scope="session")
def clustered():
    """Return (3001, 16) items in 30 clusters, and queries of 40 users of 2 interests near them."""
    draw = torch.Generator().manual_seed(1)
    centres = functional.normalize(torch.randn(30, 16, generator=draw), dim=1)
    noise = 0.05 * torch.randn(3001, 16, generator=draw)
    items = functional.normalize(centres[torch.arange(3001) % 30] + noise, dim=1)
    items[0] = 0
    asked = centres[torch.arange(80).view(40, 2) % 30]
    seen = torch.arange(40), torch.arange(1, 41)
    return items, Queries(asked + 0.05 * torch.randn(40, 2, 16, generator=draw), seen)


@pytest.fixture
def index(capsys):
    """Return a function that runs the command and returns code, output and error."""

    def call(*argv):
        code = main([str(word) for word in argv])
        return code, *capsys.readouterr()

    return call

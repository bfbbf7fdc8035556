"""Which tables in parts are refused before any data is read."""

import sys

import pytest
import torch

from recbole_opal.errors import SettingsError
from recbole_opal.host.in_parts import require_shared_table

VARIABLES = {"RANK": "0", "WORLD_SIZE": "3", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": "1"}
CONFIG = {
    "item_table": "column_wise",
    "device": torch.device("cpu"),
    "hidden_size": 24,
    "metrics": ["Recall", "NDCG"],
}


@pytest.fixture
def among_three(monkeypatch):
    for name, value in VARIABLES.items():
        monkeypatch.setenv(name, value)
    return monkeypatch


@pytest.mark.parametrize(
    ("change", "fix"),
    [
        ({"hidden_size": 64}, "--hidden_size=72"),
        ({"hidden_size": 10, "item_table": "row_wise"}, "--hidden_size=12"),
        ({"metrics": ["Recall", "GAUC"]}, "--metrics=gauc"),
        ({"device": torch.device("cuda")}, "--use_gpu=False"),
    ],
)
def test_what_the_processes_cannot_hold_is_refused(among_three, change, fix):
    with pytest.raises(SettingsError, match=fix):
        require_shared_table(CONFIG | change)
    among_three.setenv("WORLD_SIZE", "1")
    require_shared_table(CONFIG | change)


def test_a_missing_library_is_told_with_its_command(among_three):
    among_three.setitem(sys.modules, "torchrec", None)
    among_three.setitem(sys.modules, "torchrec.distributed", None)
    among_three.setitem(sys.modules, "fbgemm_gpu", None)
    with pytest.raises(SettingsError) as caught:
        require_shared_table(CONFIG)
    told = str(caught.value)
    assert "pip install --no-deps torchrec==" in told
    assert told.endswith("or --item_table=local.")
    require_shared_table(CONFIG | {"item_table": "local"})

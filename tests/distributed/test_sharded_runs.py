"""A run whose item table two processes share is the run of one with the same optimiser."""

import shutil
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

import recbole_opal
from recbole_opal.runs import RunReader

sys.path.insert(0, str(Path(__file__).parent))

from programs import run_together  # noqa: E402
from test_shared_runs import ROUNDING, SCRIPT, SETTINGS, assert_alike, flags  # noqa: E402

pytestmark = pytest.mark.skipif(
    find_spec("torchrec") is None, reason="TorchRec is not installed: the extra `torchrec`"
)
OWN = {
    "item_table": "row_wise",
    "item_optimizer": "rowwise_adagrad",
    "item_start": "cooccurrence",
    "metrics": ["Recall", "NDCG"],
    "stages": ["soft", "hard"],
    "learning_rate_schedule": "constant",
    "schedule_steps": "~",
    "epochs": 2,
}


def test_it_makes_the_run_of_one_and_goes_on_with_another_number(data_path, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    settings = SETTINGS | OWN | {"data_path": str(data_path)}
    words = flags(settings | {"checkpoint_dir": tmp_path / "shared"})
    words.append("--stage_steps={'soft': 4}")  # the later stage can be prolonged
    run_together(2, tmp_path, SCRIPT, "--dataset=tiny", *words)
    (folder,) = (tmp_path / "shared").iterdir()
    settings |= {"schedule_steps": None, "stage_steps": {"soft": 4}}
    settings |= {"checkpoint_dir": str(tmp_path / "alone")}
    alone = recbole_opal.run("OPAL", "tiny", **settings)
    assert_alike(folder, alone.folder, ROUNDING)
    histories = {"one": ["i1", "i2", "i14"], "other": ["i40"]}
    served = [recbole_opal.load(each).recommend(histories, k=5) for each in (folder, alone.folder)]
    assert served[0]["item"].tolist() == served[1]["item"].tolist()
    # What two processes saved goes on alone, what one saved with two.
    fewer = shutil.copytree(folder, tmp_path / "fewer")
    recbole_opal.resume(fewer, epochs=4)
    run_together(2, tmp_path, SCRIPT, f"--resume={alone.folder}", "--epochs=4")
    assert_alike(fewer, alone.folder, ROUNDING)
    assert RunReader.open(fewer).load_lines("training.jsonl")[-1]["epoch"] == 3

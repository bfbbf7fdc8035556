"""A run of two processes is the run of one, to rounding; what ends one ends both."""

import shutil
import time
from pathlib import Path

import numpy as np
import pytest

import recbole_opal
from recbole_opal.runs import RunReader

SCRIPT = Path(__file__).parents[2] / "run_opal.py"
SETTINGS = {
    "epochs": 6, "train_batch_size": 49, "eval_batch_size": 7, "cuts_per_user": 2, "topk": [5, 10],
    "hidden_size": 8, "num_interests": 3, "num_negatives": 20, "MAX_ITEM_LIST_LENGTH": 10,
    "future_window": 3, "valid_metric": "Recall@10", "metrics": ["Recall", "GAUC"],
    "tensorboard": False, "show_progress": False, "warmup_steps": 0, "schedule_steps": 18,
    "stopping_step": 100, "dropout_prob": 0.1,
}  # fmt: skip
EXACT, ROUNDING = 1e-9, 1e-5


def flags(settings):
    words = {name: str(value).replace(" ", "").replace("'", "") for name, value in settings.items()}
    return [f"--{name}={value}" for name, value in words.items()]


def finish(processes, code=0):
    """Wait for the processes; return what each wrote on the two streams."""
    told = [process.communicate(timeout=300) for process in processes]
    assert [process.returncode for process in processes] == [code] * len(processes), told
    return told


@pytest.fixture(scope="module")
def settings(data_path):
    return SETTINGS | {"data_path": str(data_path)}


@pytest.fixture(scope="module")
def shared(start_processes, settings, tmp_path_factory):
    """Return the folder of a run of two processes, and what they said."""
    place = tmp_path_factory.mktemp("shared")
    words = flags(settings | {"checkpoint_dir": place / "saved"})
    told = finish(start_processes(2, SCRIPT, "--dataset=tiny", *words, cwd=place))
    (folder,) = (place / "saved").iterdir()
    return folder, told


def assert_alike(one, other, bound):
    """Compare all that two run folders hold of users and epochs."""
    first, second = RunReader.open(one), RunReader.open(other)
    names = [{name for name in run.names if "state" not in name} for run in (first, second)]
    assert names[0] == names[1]
    for name in first.names:
        if name.endswith(".npz"):
            arrays, others = first.load_arrays(name), second.load_arrays(name)
            for key, values in arrays.items():
                np.testing.assert_allclose(values, others[key], atol=bound, rtol=0)
    rows = (folder.load_lines("training.jsonl") for folder in (first, second))
    for row, same in zip(*rows, strict=True):
        assert row["loss"] == pytest.approx(same["loss"], abs=bound)
        assert row["valid"] == pytest.approx(same["valid"], abs=bound)
    for stage in first.stages:
        weights = second.load_weights(stage)
        for name, value in first.load_weights(stage).items():
            np.testing.assert_allclose(value, weights[name], atol=bound, rtol=0, err_msg=name)


def test_two_processes_make_the_run_of_one(shared, settings, tmp_path, monkeypatch):
    folder, ((table, log), silence) = shared
    assert f"run folder: {folder}" in table
    assert "stage=hard epoch=1" in log
    assert silence == ("", "")
    monkeypatch.chdir(tmp_path)
    alone = recbole_opal.run("OPAL", "tiny", **settings, checkpoint_dir=str(tmp_path / "alone"))
    assert_alike(folder, alone.folder, ROUNDING)
    found = RunReader.open(folder).load_json("metrics.json")["stages"]
    for stage, parts in alone.stages.items():
        for part in ("valid", "test"):
            assert found[stage][part] == pytest.approx(parts[part], abs=EXACT), (stage, part)
    # The same weights again, judged by one process.
    copy = shutil.copytree(folder, tmp_path / "copy")
    recbole_opal.resume(copy)
    assert_alike(folder, copy, 0.0)


def test_a_killed_process_ends_the_run_which_goes_on_with_as_many_or_fewer(
    shared, start_processes, settings, tmp_path
):
    place = tmp_path / "killed"
    words = flags(settings | {"checkpoint_dir": place})
    processes = start_processes(2, SCRIPT, "--dataset=tiny", *words, cwd=tmp_path)
    deadline = time.monotonic() + 300
    while not list(place.glob("*/training.jsonl")) and time.monotonic() < deadline:
        time.sleep(0.01)
    processes[1].kill()
    started = time.monotonic()
    _, errors = processes[0].communicate(timeout=60)
    assert time.monotonic() - started < 60
    assert processes[0].returncode == 1
    (folder,) = place.iterdir()
    told = errors.splitlines()[-1]
    assert told.startswith("error: another process of this run has ended"), errors
    assert told.endswith(f"continue with: torchrun --nproc-per-node=2 {SCRIPT} --resume={folder}")
    fewer = shutil.copytree(folder, tmp_path / "fewer")
    finish(start_processes(2, SCRIPT, f"--resume={folder}", cwd=tmp_path))
    assert_alike(shared[0], folder, 0.0)
    recbole_opal.resume(fewer)
    assert_alike(shared[0], fewer, ROUNDING)

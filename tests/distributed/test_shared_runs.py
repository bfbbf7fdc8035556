"""A run of two processes is the run of one, to rounding; what ends one ends both."""

import os
import shutil
import signal
import sys
import time
from pathlib import Path

import numpy as np
import pytest

import recbole_opal
from recbole_opal.cli import main
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


def command(*words):
    """Return what runs the script, as one of several processes."""

    def run():
        sys.argv, sys.orig_argv = [str(SCRIPT)], ["python", "-u", str(SCRIPT)]
        return main(words)

    return run


def finish(processes):
    """Wait for the processes; return what each wrote on the two streams."""
    assert [process.wait() for process in processes] == [0] * len(processes), [
        process.said() for process in processes
    ]
    return [process.said() for process in processes]


@pytest.fixture
def settings(data_path, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return SETTINGS | {"data_path": str(data_path)}


@pytest.fixture
def shared(start_processes, settings, tmp_path):
    """Return the folder of a run of two processes, and what they said."""
    words = flags(settings | {"checkpoint_dir": tmp_path / "shared"})
    told = finish(start_processes(2, command("--dataset=tiny", *words)))
    (folder,) = (tmp_path / "shared").iterdir()
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


def test_two_processes_make_the_run_of_one(shared, settings, tmp_path):
    folder, ((table, log), silence) = shared
    assert f"run folder: {folder}" in table
    assert "stage=hard epoch=1" in log
    assert silence == ("", "")
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


@pytest.mark.posix
def test_a_killed_process_ends_the_run_which_goes_on_with_as_many_or_fewer(
    shared, start_processes, settings, tmp_path
):
    place = tmp_path / "killed"
    words = flags(settings | {"checkpoint_dir": place})
    first, other = start_processes(2, command("--dataset=tiny", *words))
    deadline = time.monotonic() + 600
    while not list(place.glob("*/training.jsonl")) and time.monotonic() < deadline:
        time.sleep(0.01)
    os.kill(other.number, signal.SIGKILL)
    assert first.wait(seconds=60) == 1
    (folder,) = place.iterdir()
    told = first.said()[1].splitlines()[-1]
    assert told.startswith("error: another process of this run has ended"), first.said()
    assert told.endswith(f"continue with: torchrun --nproc-per-node=2 {SCRIPT} --resume={folder}")
    fewer = shutil.copytree(folder, tmp_path / "fewer")
    finish(start_processes(2, command(f"--resume={folder}")))
    assert_alike(shared[0], folder, 0.0)
    recbole_opal.resume(fewer)
    assert_alike(shared[0], fewer, ROUNDING)

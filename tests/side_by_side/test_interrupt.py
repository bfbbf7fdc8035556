"""Ctrl-C and SIGTERM while tuning: everything ends within seconds, and the same command goes on."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import pytest

from recbole_opal.settings.fields import typed

pytestmark = pytest.mark.posix
SCRIPT = Path(__file__).resolve().parents[2] / "run_opal.py"
SETTINGS = {
    "train_batch_size": 64,
    "hidden_size": 8,
    "cuts_per_user": 2,
    "num_negatives": 20,
    "MAX_ITEM_LIST_LENGTH": 10,
    "topk": [5, 10],
    "valid_metric": "Recall@10",
    "tensorboard": False,
    "checkpoint_dir": "saved",
}
LONG = {"epochs": 100000, "stopping_step": 100000}
SECONDS = 5.0
PATIENCE = 120.0


@pytest.fixture
def start(data_path, tmp_path):
    """Return a function that starts the command in its own session; what is left is killed."""
    started = []

    def begin(**settings):
        given = SETTINGS | {"data_path": str(data_path)} | settings
        flags = [f"--{name}={typed(value)}" for name, value in given.items()]
        command = [sys.executable, str(SCRIPT), "--dataset=tiny", "--model=MIND,GRU4Rec"]
        process = subprocess.Popen(
            [*command, "--tune=2", "--jobs=2", *flags],
            cwd=tmp_path, start_new_session=True, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
        started.append(process)
        return process

    yield begin
    for process in started:
        for number in [process.pid, *_children(process.pid)]:
            if _alive(number):
                os.kill(number, signal.SIGKILL)
        process.communicate()


def _until(true):
    deadline = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < deadline, "it did not come so far"
        time.sleep(0.01)


def _children(number: int) -> list[int]:
    found = []
    for path in Path(f"/proc/{number}/task").glob("*/children"):
        try:
            found += [int(word) for word in path.read_text().split()]
        except OSError:
            continue
    return found


def _alive(number: int) -> bool:
    try:
        return Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


MOMENTS = {
    "while the workers import": lambda process, place: len(_children(process.pid)) == 2,
    "in training": lambda process, place: len(list(place.glob("saved/*/trials/*/state-*"))) == 2,
}


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="finds children by /proc")
@pytest.mark.parametrize(
    ("moment", "signals"),
    [
        ("while the workers import", [signal.SIGINT]),
        ("in training", [signal.SIGINT]),
        pytest.param("in training", [signal.SIGINT, signal.SIGINT], marks=pytest.mark.slow),
        ("in training", [signal.SIGTERM]),
    ],
)
def test_everything_ends_within_five_seconds(start, tmp_path, moment, signals):
    process = start(**LONG)
    _until(lambda: MOMENTS[moment](process, tmp_path))
    children = _children(process.pid)
    assert len(children) == 2
    begun = time.monotonic()
    for each in signals:
        process.send_signal(each)
        time.sleep(0.1)
    _until(lambda: process.poll() is not None)
    _until(lambda: not any(map(_alive, children)))
    taken = time.monotonic() - begun
    told = process.communicate()[1]
    assert taken < SECONDS
    assert "Traceback" not in told
    if signals == [signal.SIGINT]:
        assert process.returncode == 130
        assert told.splitlines()[-1].startswith("interrupted; the same command")
    (study,) = tmp_path.glob("saved/*/tuning.db")
    with sqlite3.connect(study) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert connection.execute("SELECT count(*) FROM trials").fetchone() == (0,)


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="finds children by /proc")
def test_the_same_command_goes_on_to_equal_tables(start, tmp_path):
    def tables():
        (path,) = tmp_path.glob("saved/*/comparison.json")
        rows = json.loads(path.read_text())["rows"]
        names = ("label", "settings", "valid", "test", "against_best", "epochs")
        return [{name: row[name] for name in names} for row in rows]

    settings = {"epochs": 12, "stopping_step": 12}
    whole = start(**settings)
    assert "comparison folder" in whole.communicate()[0]
    unbroken = tables()
    (tmp_path / "saved").rename(tmp_path / "unbroken")
    for count in (1, 3, 5):  # workers so far: in a first trial, in a second, in the last training
        process = start(**settings)
        _until(partial(_has_come_so_far, process, tmp_path, count))
        process.send_signal(signal.SIGINT)
        process.communicate()
    assert not list(tmp_path.glob("saved/*/comparison.json"))
    finished = start(**settings)
    assert "comparison folder" in finished.communicate()[0]
    assert tables() == unbroken


def _has_come_so_far(process, place, count):
    return process.poll() is not None or len(list(place.glob("saved/*/logs/*.log"))) >= count

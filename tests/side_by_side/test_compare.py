"""The whole command on real models, once; then what is reused, what goes on, what fails."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from recbole_opal.errors import CheckpointError, SettingsError
from recbole_opal.runs import RunFolder
from recbole_opal.runs.lock import exclusive
from recbole_opal.settings.fields import typed
from recbole_opal.side_by_side import worker_process as process
from recbole_opal.side_by_side.compare import compare
from recbole_opal.side_by_side.comparison_progress import ComparisonProgress
from recbole_opal.side_by_side.execution import Execution, _job
from recbole_opal.side_by_side.planning import make_plan
from recbole_opal.side_by_side.variants import Variant
from recbole_opal.side_by_side.worker_process import WorkerProcess, worker_environment

SCRIPT = Path(__file__).resolve().parents[2] / "run_opal.py"
MODELS = ["GRU4Rec", "OPAL@num_interests=2"]
SETTINGS = {
    "epochs": 1,
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


@pytest.fixture(scope="module")
def settings(data_path):
    return SETTINGS | {"data_path": str(data_path)}


@pytest.fixture(scope="module")
def done(settings, tmp_path_factory):
    """The command, run once for two models and two seeds; where it stood and what it said."""
    place = tmp_path_factory.mktemp("place")
    flags = [f"--{name}={typed(value)}" for name, value in settings.items()]
    command = [sys.executable, str(SCRIPT), "--dataset=tiny", f"--model={','.join(MODELS)}"]
    finished = subprocess.run(
        [*command, "--seeds=1,2", "--jobs=2", *flags],
        cwd=place,
        capture_output=True,
        text=True,
        timeout=240,
    )
    return place, finished


@pytest.fixture
def no_training(fake_worker, monkeypatch):
    """Let every worker crash: what is not there already fails."""
    fake_worker.write_text("raise MemoryError('no training here')")


def test_the_command_leaves_tables_a_report_and_its_folder_in_the_last_line(done):
    place, finished = done
    assert finished.returncode == 0, finished.stderr
    report, last = finished.stdout.splitlines()[-2:]
    assert last.startswith("comparison folder: saved/comparison-tiny-")
    assert report == f"report: {last.removeprefix('comparison folder: ')}/report.html"
    folder = place / last.removeprefix("comparison folder: ")
    names = {path.name for path in folder.iterdir()}
    assert names >= {
        "comparison.csv", "comparison.json", "comparison.md", "comparison.tex", "plan.yaml",
        "report.html",
    }  # fmt: skip
    plain = json.loads((folder / "comparison.json").read_text())
    labels = ["GRU4Rec", "OPAL num_interests=2 soft"]
    labels += ["OPAL num_interests=2 hard", "OPAL num_interests=2 next"]
    assert [row["label"] for row in plain["rows"]] == labels
    for row in plain["rows"]:
        assert row["error"] is None
        assert len(row["test"]["recall@10"]["values"]) == 2
        assert set(row["runs"]) == {"1", "2"}
        assert all((folder / path / "metrics.json").is_file() for path in row["runs"].values())
    assert plain["rows"][1]["against_opal"] is not None
    assert "4 of 4 runs" in finished.stderr


def test_the_same_from_python_trains_nothing_again(done, settings, no_training, monkeypatch):
    place, finished = done
    monkeypatch.chdir(place)
    result = compare(MODELS, "tiny", seeds=[1, 2], **settings)
    assert result.failed == []
    assert finished.stdout.endswith(f"comparison folder: {result.folder}\n")
    assert len(list(place.glob("saved/*/metrics.json"))) == 4


def test_a_run_that_fails_is_a_row_and_other_settings_are_another_run(
    done, settings, no_training, monkeypatch
):
    place, _ = done
    monkeypatch.chdir(place)
    result = compare(["GRU4Rec", "MIND"], "tiny", seeds=[1, 2], **settings)
    gru, mind = result.rows
    assert gru.measured
    assert mind.error == "seed 1, 2: MemoryError: no training here"
    assert "MIND (failed" in (result.folder / "comparison.md").read_text()
    other = compare(MODELS[1:], "tiny", seeds=[1], **settings | {"learning_rate": 0.5})
    assert [row.label for row in other.failed] == ["OPAL num_interests=2"]
    assert not (other.folder / "report.html").exists()


@pytest.mark.posix
def test_a_killed_run_goes_on_where_it_stopped(settings, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    plan = make_plan(
        [Variant("MIND")], "tiny", settings=settings | {"epochs": 40, "stopping_step": 100}
    )
    run = plan.run(plan.variants[0], 1)
    job = _job(run, plan.parent, None)
    worker = WorkerProcess(job, tmp_path / "run.log", worker_environment(1))
    deadline = time.monotonic() + 100
    while not list(tmp_path.glob("saved/*/training.jsonl")) and time.monotonic() < deadline:
        time.sleep(0.01)
    os.kill(worker._process.pid, signal.SIGKILL)
    assert worker.wait() is None
    assert "SIGKILL" in worker.reason
    (folder,) = (path.parent for path in tmp_path.glob("saved/*/manifest.json"))
    assert "metrics.json" not in RunFolder.open(folder).names
    ending = Execution(tmp_path / "logs", 1, ComparisonProgress(enabled=False)).do_one(
        run, plan.parent
    )
    assert ending.error is None
    assert ending.folder.resolve() == folder.resolve()
    assert len(RunFolder.open(folder).load_lines("training.jsonl")) == 40


def test_a_worker_whose_asker_is_gone_stops_by_itself(settings, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    job = {
        "model": "MIND",
        "dataset": "tiny",
        "settings": settings | {"epochs": 100000, "stopping_step": 100000},
    }
    asker = (
        "import json, subprocess, sys, time\n"
        "worker = subprocess.Popen(sys.argv[2:], stdin=subprocess.PIPE, start_new_session=True)\n"
        "worker.stdin.write(sys.argv[1].encode() + b'\\n'); worker.stdin.flush()\n"
        "print(worker.pid, flush=True); time.sleep(1000)\n"
    )
    command = [sys.executable, "-c", asker, json.dumps(job), *process.WORKER_COMMAND]
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=worker_environment(1)) as parent:
        number = int(parent.stdout.readline())
        deadline = time.monotonic() + 100
        while not list(tmp_path.glob("saved/*/training.jsonl")) and time.monotonic() < deadline:
            time.sleep(0.01)
        parent.kill()
    while _alive(number) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not _alive(number)
    (folder,) = (path.parent for path in tmp_path.glob("saved/*/manifest.json"))
    assert RunFolder.open(folder).has_state()


def test_two_of_the_same_comparison_at_once_are_refused(done, settings, no_training, monkeypatch):
    place, finished = done
    monkeypatch.chdir(place)
    folder = Path(finished.stdout.splitlines()[-1].removeprefix("comparison folder: "))
    with exclusive(folder), pytest.raises(CheckpointError, match="goes on"):
        compare(MODELS, "tiny", seeds=[1, 2], **settings)


def test_no_model_is_an_error():
    with pytest.raises(SettingsError, match="no model is named"):
        compare([], "tiny")


def _alive(number: int) -> bool:
    try:
        state = Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"

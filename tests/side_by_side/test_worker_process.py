import json
import os

import pytest

from recbole_opal.side_by_side.worker_process import (
    WorkerProcess,
    stop_workers,
    worker_environment,
    worker_threads,
)


@pytest.fixture
def start(fake_worker, tmp_path):
    def start(model):
        return WorkerProcess({"model": model}, tmp_path / "logs" / f"{model}.log", dict(os.environ))

    return start


def test_the_run_folder_is_the_last_line_whatever_else_is_printed(start):
    assert str(start("Good").wait()) == os.path.join("saved", "Good")  # noqa: PTH118


@pytest.mark.parametrize(
    ("model", "reason"),
    [
        ("Crash", "ZeroDivisionError: a bug"),
        ("Refuse", "the loss became nan; lower --learning_rate."),
        pytest.param(
            "Kill", "killed by SIGKILL, often for want of memory", marks=pytest.mark.posix
        ),
        ("Silent", "epoch=0"),
    ],
)
def test_a_failure_is_one_line(start, model, reason):
    worker = start(model)
    assert worker.wait() is None
    assert reason in worker.reason
    assert "\n" not in worker.reason
    assert not worker.running


def test_a_run_is_stopped_by_its_closed_input(start):
    worker = start("Slow")
    assert worker.running
    stop_workers([worker])
    assert not worker.running
    assert worker.wait() is None


def test_the_last_line_is_what_is_shown(start):
    worker = start("Good")
    worker.wait()
    assert worker.last_line() == "stage=train epoch=0"


def test_cores_are_shared_out(monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(8)), raising=False)
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    assert [worker_threads(jobs) for jobs in (1, 2, 3, 8, 20)] == [8, 4, 2, 1, 1]
    assert worker_environment(2)["OMP_NUM_THREADS"] == "4"
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    assert worker_environment(2)["OMP_NUM_THREADS"] == "3"


def test_a_worker_finds_the_package_from_anywhere(start, tmp_path):
    first = worker_environment(1)["PYTHONPATH"].split(os.pathsep)[0]
    assert os.path.isdir(os.path.join(first, "recbole_opal"))  # noqa: PTH112, PTH118
    assert json.dumps(first)

"""Rows, results and run folders as the tables meet them, without any training."""

import sys
from pathlib import Path

import numpy as np
import pytest

from recbole_opal.comparison.result import ComparisonResult
from recbole_opal.comparison.row import Row, spread
from recbole_opal.comparison.run_files import UserValues
from recbole_opal.runs import RunFolder
from recbole_opal.runs.origin import Origin
from recbole_opal.side_by_side import worker_process as process

VERSIONS = {"recbole_opal": "0.1.0", "recbole": "1.2.1", "torch": "2.13.0", "numpy": "2.4.6"}
RUN_VERSIONS = VERSIONS | {"python": "3.11.7", "threads": "2", "device": "cpu", "platform": "x"}

# What a worker may do, told by the model's name; it starts in milliseconds, without torch.
FAKE_WORKER = """
import json, os, signal, sys, time
job = json.loads(sys.stdin.readline())
model = job.get("model", "Resumed")
print("stage=train epoch=0", file=sys.stderr, flush=True)
if model == "Crash":
    raise ZeroDivisionError("a bug")
if model == "Refuse":
    sys.exit("error: the loss became nan; lower --learning_rate.")
if model == "Kill":
    os.kill(os.getpid(), signal.SIGKILL)
if model == "Slow":
    sys.stdin.read()
    sys.exit(130)
if model == "Silent":
    sys.exit(0)
print("noise on standard output")
print("run folder: " + os.path.join("saved", model))
"""


@pytest.fixture
def fake_worker(tmp_path, monkeypatch):
    """Put a worker that does not train in the real one's place."""
    script = tmp_path / "fake_worker.py"
    script.write_text(FAKE_WORKER)
    monkeypatch.setattr(process, "worker_command", lambda: [sys.executable, str(script)])
    return script


@pytest.fixture
def origin():
    return Origin("a" * 64, {"tiny.inter": "b" * 64}, VERSIONS)


def make_run(
    parent: Path,
    origin: Origin,
    *,
    label: str = "OPAL-tiny",
    seed: int = 1,
    finished: bool = True,
    recall: float = 0.25,
    stages=("soft", "hard"),
    versions=None,
) -> Path:
    """Write a run folder as a run leaves it."""
    folder = RunFolder.create(parent, label)
    users = np.array([2, 1, 3])
    config = {"seed": seed, "num_interests": 4, "USER_ID_FIELD": "user_id"}
    with folder.update():
        folder.save_yaml("config.yaml", config)
        folder.save_json("origin.json", origin.as_plain())
        folder.save_json("ids.json", {"user_id": ["[PAD]", "ann", "bob", "cy"], "item_id": []})
        folder.save_state({"epoch": 1})
        if not finished:
            return folder.path
        records = {}
        for position, stage in enumerate(stages):
            values = np.array([0.0, 0.5, 1.0]) * recall + position / 100
            folder.save_arrays(
                f"per_user-{stage}-test.npz",
                {"user_id": users, "recall@10": values, "history_length": np.array([3, 4, 5])},
            )
            records[stage] = {
                "train_seconds": 2.0 + position,
                "epochs": 5,
                "best_epoch": 4 if seed == 2 else 3,
                "ended": "max_train_seconds" if position == 0 else "stopping_step",
                "test_seconds": 0.5,
                "score": recall,
                "valid": {"recall@10": recall + seed / 100},
                "test": {"recall@10": float(values.mean()), "coverage@10": 0.5},
                "diagnostics": {
                    "num_interests": 4,
                    "usage": [0.7, 0.1, 0.1, 0.1],
                    "usage_entropy": 0.6 + seed / 10,
                    "hit_entropy": None,
                    "cosine": 0.3,
                    "dead_users": 0.1,
                    "collapsed": seed == 2,
                },
            }
        folder.save_json(
            "metrics.json",
            {
                "stages": records,
                "best_stage": stages[0],
                "peak_memory": {"host_bytes": 300 << 20},
                "parameters": 1234,
                "versions": versions or RUN_VERSIONS,
            },
        )
    return folder.path


def make_row(label: str, model: str, recall: float, *, stage: str = "train", seeds: int = 2) -> Row:
    """Return a row of a model whose recall on validation and test is as given."""
    shifts = [0.001 * number for number in range(seeds)]
    return Row(
        label=label,
        variant=label,
        model=model,
        stage=stage,
        settings={"epochs": 2, "topk": [5, 10]},
        num_interests=4 if model == "OPAL" else None,
        runs={str(seed): f"../{label}-{seed}" for seed in range(1, seeds + 1)},
        valid={"recall@10": spread([recall + shift for shift in shifts])},
        test={
            "recall@5": spread([recall / 2] * seeds),
            "recall@10": spread([recall + shift for shift in shifts]),
            "coverage@10": spread([0.5] * seeds),
        },
        train_seconds=spread([12.0] * seeds),
        epochs=spread([7] * seeds),
        peak_memory=spread([512 << 20] * seeds),
        parameters=spread([1_234_567] * seeds),
    )


def make_users(row: Row) -> UserValues:
    """Return 40 users whose values lie around the first seed's recall of a row."""
    names = [f"u{number:02}" for number in range(40)]
    noise = np.random.default_rng(len(row.label)).normal(0, 0.01, (len(row.runs), len(names)))
    return UserValues(names, {"recall@10": row.test["recall@10"].values[0] + noise})


def make_result(rows, folder: Path = Path("saved/comparison-tiny-0"), **changed):
    """Return a result over these rows; the users of those that were measured are made up."""
    users = changed.pop("users", None) or {
        row.label: make_users(row) if row.measured else UserValues() for row in rows
    }
    given = {
        "folder": folder,
        "dataset": "tiny",
        "command": "python run_opal.py --dataset=tiny --model=OPAL,MIND --topk=[5,10]",
        "seeds": [1, 2],
        "metric": "recall@10",
        "versions": {"python": "3.11.7", "torch": "2.13.0"},
        "hardware": "a processor, 2 cores",
        "rows": rows,
    }
    return ComparisonResult(**given | changed, users=users)


@pytest.fixture
def run_maker():
    return make_run


@pytest.fixture
def row_maker():
    return make_row


@pytest.fixture
def result_maker():
    return make_result

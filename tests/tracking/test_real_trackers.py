"""The libraries themselves take what they are told: MLflow's store in a file, W&B offline."""

import importlib.util
import json
from pathlib import Path
from time import monotonic, sleep

import pytest

from recbole_opal.errors import OpalError
from recbole_opal.runs import RunFolder
from recbole_opal.tracking import require_tracker, tracked

SETTINGS = {"num_interests": 4, "topk": [10, 50], "valid_metric": "Recall@50", "long": "x" * 900}
ROWS = [
    {"stage": stage, "epoch": epoch, "loss": {"retrieval": 5.0 - epoch}, "learning_rate": 0.1,
     "valid": {"recall@50": 0.25 + epoch / 4}}
    for stage in ("soft", "hard") for epoch in (0, 1)
]  # fmt: skip
STAGES = {"soft": {"valid": {"recall@50": 0.5}, "test": {"recall@50": 0.375}}}


@pytest.fixture
def run_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    folder = RunFolder.create(tmp_path, "OPAL-tiny")
    with folder.update():
        folder.save_json("metrics.json", {"stages": STAGES})
    return folder


def told_twice(kind, folder):
    """Tell of a run, and of its going on."""
    require_tracker(kind)
    for rows in (ROWS[:3], ROWS[2:]):
        with tracked(kind, folder, "tiny") as tracker:
            tracker.settings(SETTINGS)
            for row in rows:
                tracker.epoch(row)
            tracker.finished(folder.path, STAGES, "soft")
    return json.loads((folder.path / "tracking.json").read_text())[kind]


def needs(kind):
    missing = importlib.util.find_spec(kind) is None
    return pytest.mark.skipif(missing, reason=f"{kind} is not installed (extra `{kind}`)")


@needs("mlflow")
def test_mlflow_keeps_all_of_it(run_folder, monkeypatch):
    from mlflow import MlflowClient

    monkeypatch.setenv("MLFLOW_TRACKING_URI", "sqlite:///mlflow.db")
    run_id = told_twice("mlflow", run_folder)
    client = MlflowClient("sqlite:///mlflow.db")
    experiment = client.get_experiment_by_name("recbole-opal")
    (run,) = client.search_runs([experiment.experiment_id])
    assert (run.info.run_id, run.info.status) == (run_id, "FINISHED")
    assert run.info.run_name == run_folder.path.name
    assert run.data.params["topk"] == "[10, 50]"
    assert run.data.metrics["final/soft/test/recall_at_50"] == 0.375
    curve = client.get_metric_history(run_id, "hard/valid/recall_at_50")
    assert {(point.step, point.value) for point in curve} == {(0, 0.25), (1, 0.5)}
    assert run.data.tags["best_stage"] == "soft"
    assert [file.path for file in client.list_artifacts(run_id)] == ["metrics.json"]


@needs("mlflow")
def test_an_mlflow_server_that_is_not_there_is_told_in_time(run_folder, monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    with pytest.raises(OpalError, match="MLflow at http://127.0.0.1:9 does not answer"):
        require_tracker("mlflow")


@needs("wandb")
def test_wandb_keeps_it_offline(run_folder, monkeypatch):
    monkeypatch.setenv("WANDB_MODE", "offline")
    run_id = told_twice("wandb", run_folder)
    first, second = Path("wandb").glob(f"offline-run-*-{run_id}/*.wandb")
    for path in (first, second):
        until = monotonic() + 10  # its own process writes it
        while b"best_stage" not in path.read_bytes() and monotonic() < until:
            sleep(0.1)
        content = path.read_bytes()
        for word in (b"recall@50", b"num_interests", b"retrieval", b"best_stage"):
            assert word in content


@needs("wandb")
def test_wandb_without_a_login_is_told(run_folder, monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("WANDB_CONFIG_DIR", str(tmp_path))
    for variable in ("WANDB_MODE", "WANDB_API_KEY", "NETRC"):
        monkeypatch.delenv(variable, raising=False)
    with pytest.raises(OpalError, match="give `wandb login`, set WANDB_MODE=offline"):
        require_tracker("wandb")

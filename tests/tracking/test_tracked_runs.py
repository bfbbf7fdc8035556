"""A tracked run is told whole: settings, a point of each curve an epoch, results, files."""

import json
import math
import os
import subprocess
import sys
from pathlib import Path

import pytest

import recbole_opal
from recbole_opal.errors import SettingsError, TrainingError
from recbole_opal.runs import RunFolder
from recbole_opal.tracking import require_tracker, tracked
from recbole_opal.tracking.names import curves_of, results_of
from recbole_opal.tracking.tracker import TrackingError

FILES = ["metrics.json", "config.yaml", "training.jsonl"]


@pytest.fixture
def run_folder(tmp_path):
    return RunFolder.create(tmp_path, "OPAL-tiny")


@pytest.fixture
def settings(quick_settings, kind):
    return quick_settings | {"tracking": kind}


def expected_points(folder):
    rows = [json.loads(line) for line in (folder / "training.jsonl").read_text().splitlines()]
    assert {row["stage"] for row in rows} == {"soft", "hard", "next"}
    return {(name, row["epoch"]): value for row in rows for name, value in curves_of(row).items()}


def test_a_run_that_was_stopped_goes_on_under_the_same_id_and_is_told_whole(told, kind, settings):
    told.stops_in = "hard/"
    with pytest.raises(KeyboardInterrupt) as stopped:
        recbole_opal.run("OPAL", "tiny", **settings)
    ((run_id, run),) = told.runs.items()
    folder = stopped.value.folder
    assert json.loads((folder / "tracking.json").read_text()) == {kind: run_id}
    assert (run.name, run.state) == (folder.name, "FAILED")
    done = recbole_opal.resume(folder)
    assert list(told.runs) == [run_id]
    assert run.settings["num_interests"] == "3"
    assert {(name, epoch): value for name, epoch, value in run.points} == expected_points(folder)
    names = {name for name, _, _ in run.points}
    assert {"soft/loss/retrieval", "hard/loss/uniformity", "hard/valid/recall@10"} <= names
    for stage in ("soft", "hard", "next"):
        for part in ("valid", "test"):
            value = done.stages[stage][part]["ndcg@5"]
            assert run.results[f"final/{stage}/{part}/ndcg@5"] == value
    assert (run.results["best_stage"], run.state) == (done.best_stage, "FINISHED")
    assert run.files == FILES


def test_a_tracker_that_is_not_there_is_told_before_a_folder_is_made(told, kind, settings):
    told.refuses = ConnectionError("no route")
    with pytest.raises(TrackingError, match=f"^--tracking={kind}: ") as error:
        recbole_opal.run("OPAL", "tiny", **settings)
    fix = {"mlflow": "set MLFLOW_TRACKING_URI", "wandb": "WANDB_MODE=offline"}[kind]
    assert fix in str(error.value)
    assert "leave --tracking away" in str(error.value)
    assert not Path(settings["checkpoint_dir"]).exists()
    with pytest.raises(TrackingError):
        recbole_opal.compare("OPAL", "tiny", seeds=[1, 2], **settings)


ROW = {"stage": "soft", "epoch": 0, "loss": {"retrieval": 0.5}, "learning_rate": 0.1}


def test_a_tracker_that_stops_answering_takes_no_run_down(told, kind, run_folder, caplog):
    told.breaks = True
    with tracked(kind, run_folder, "tiny") as tracker:
        tracker.epoch(ROW)
        tracker.epoch(ROW)
        tracker.finished(run_folder.path, {"soft": {"test": {"recall@5": 0.5}}}, "soft")
    assert caplog.text.count(f"{kind} stopped answering (the server is gone)") == 1
    ((_, run),) = told.runs.items()
    assert run.results == {}


@pytest.mark.parametrize("kind", ["mlflow"])
def test_an_mlflow_server_that_goes_holds_no_training_up_for_minutes(told, run_folder, monkeypatch):
    asked, name = [], "MLFLOW_HTTP_REQUEST_MAX_RETRIES"
    monkeypatch.setattr(told, "points", lambda *given: asked.append(os.environ.get(name)))
    begun = told.begun
    monkeypatch.setattr(
        told, "begun", lambda *given: asked.append(os.environ.get(name)) or begun(*given)
    )
    monkeypatch.delenv(name, raising=False)
    with tracked("mlflow", run_folder, "tiny") as tracker:
        tracker.epoch(ROW)
        assert name not in os.environ
        monkeypatch.setenv(name, "9")
        tracker.epoch(ROW)
        monkeypatch.delenv(name)
    assert asked == ["1", "4", "9"]


def test_a_run_that_fails_is_tracked_as_failed(told, kind, run_folder):
    def fail():
        with tracked(kind, run_folder, "tiny") as tracker:
            tracker.epoch(ROW)
            raise TrainingError("the loss became nan.")

    with pytest.raises(TrainingError):
        fail()
    ((_, run),) = told.runs.items()
    assert run.state == "FAILED"


def test_a_tracker_that_is_not_installed_names_its_extra(kind, monkeypatch):
    monkeypatch.setattr("recbole_opal.tracking.open.find_spec", lambda name: None)
    with pytest.raises(TrackingError, match=rf"pip install \"recbole-opal\[{kind}\]\""):
        require_tracker(kind)
    require_tracker(None)


@pytest.mark.parametrize("kind", ["wandb"])
def test_a_project_of_wandb_is_the_settings_or_the_variables(told, kind, run_folder, monkeypatch):
    def project_of(project):
        with tracked(kind, run_folder, "tiny", project):
            return told.project

    assert project_of(None) == "recbole-opal"
    monkeypatch.setenv("WANDB_PROJECT", "theirs")
    assert project_of(None) == "theirs"
    assert project_of("mine") == "mine"


def test_another_tracker_is_refused(quick_settings):
    with pytest.raises(SettingsError, match="--tracking=comet is not valid; write mlflow | wandb"):
        recbole_opal.run("OPAL", "tiny", **quick_settings, tracking="comet")


def test_without_tracking_nothing_of_it_is_imported():
    code = "import sys, recbole_opal.experiment; print({'mlflow', 'wandb'} & {*sys.modules})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"


def test_what_is_no_number_is_no_point():
    row = {"stage": "soft", "epoch": 1, "loss": {"a": math.nan, "b": 0.5}, "learning_rate": 0.1}
    assert curves_of(row) == {"soft/loss/b": 0.5, "soft/learning_rate": 0.1}
    assert results_of({"soft": {"valid": {"mrr@5": 1}, "diagnostics": {"x": 2}}}) == {
        "final/soft/valid/mrr@5": 1.0
    }

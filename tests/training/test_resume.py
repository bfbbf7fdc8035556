"""A stopped and continued run equals an unbroken one, to the last bit."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch

import recbole_opal
from recbole_opal.errors import CheckpointError, SettingsError
from recbole_opal.host import recommender
from recbole_opal.runs import RunFolder
from recbole_opal.training import save_points
from recbole_opal.training.loop import TrainingLoop

SCRIPT = Path(__file__).parents[2] / "run_opal.py"


def weights_of(folder):
    run_folder = RunFolder.open(Path(folder))
    return {stage: run_folder.load_weights(stage) for stage in run_folder.stages}


def losses_of(folder):
    rows = RunFolder.open(Path(folder)).load_lines("training.jsonl")
    names = ("stage", "epoch", "loss", "valid", "learning_rate")
    return [tuple(row[name] for name in names) for row in rows]


def assert_equal_runs(one, other):
    first, second = weights_of(one), weights_of(other)
    assert first.keys() == second.keys()
    for stage, weights in first.items():
        for name, value in weights.items():
            assert torch.equal(value, second[stage][name]), (stage, name)
    assert losses_of(one) == losses_of(other)


def interrupted_after(monkeypatch, validations, settings):
    """Run until Ctrl-C comes behind the given number of validations; return the folder."""
    with monkeypatch.context() as patch:
        done = {"n": 0}
        original = TrainingLoop.train_epoch

        def stop(self, *arguments, **options):
            if done["n"] == validations:
                raise KeyboardInterrupt
            done["n"] += 1
            return original(self, *arguments, **options)

        patch.setattr(TrainingLoop, "train_epoch", stop)
        with pytest.raises(KeyboardInterrupt) as caught:
            recbole_opal.run("OPAL", "tiny", **settings)
    return caught.value.folder


CONSTANT = {"learning_rate": 0.001, "learning_rate_schedule": "constant", "warmup_steps": 0}
"""A rate that does not fall, so that a run may be given more epochs."""
FALLING = {"learning_rate": 0.01, "learning_rate_schedule": "cosine", "warmup_steps": 3}
"""A schedule whose warm-up is longer than an epoch of the data set `tiny`."""


@pytest.mark.parametrize("validations", [0, 2, 4, 6])
def test_resuming_equals_not_stopping(quick_settings, monkeypatch, validations):
    """Before the first epoch, within stage 1, at the stage switch, within stage 2."""
    monkeypatch.setattr(save_points, "_LARGE", 0)  # every tensor in a part, as large ones are
    settings = quick_settings | {
        "epochs": 4,
        "stages": "soft,hard",
        "stopping_step": 100,
        "dropout_prob": 0.2,
    }
    assert_continued_alike(monkeypatch, validations, settings)


@pytest.mark.parametrize("validations", [1, 2, 3])
def test_resuming_a_run_whose_stages_have_steps_of_their_own_equals_not_stopping(
    quick_settings, monkeypatch, validations
):
    own = {"stage_steps": {"soft": 3, "hard": 5, "next": 4}, "stage_rates": {"hard": 0.3}}
    settings = quick_settings | CONSTANT | own | {"epochs": 40, "stopping_step": 100}
    folder = assert_continued_alike(monkeypatch, validations, settings)
    stages = RunFolder.open(folder).load_json("metrics.json")["stages"]
    assert [record["steps"] for record in stages.values()] == [3, 5, 4]
    assert {record["ended"] for record in stages.values()} == {"stage_steps"}
    assert {row[-1] for row in losses_of(folder) if row[0] == "hard"} == {0.001 * 0.3}


@pytest.mark.parametrize("validations", [1, 3, 5, 7])
def test_resuming_within_the_warm_up_or_the_fall_equals_not_stopping(
    quick_settings, monkeypatch, validations
):
    settings = quick_settings | FALLING | {"epochs": 4, "stages": "soft,hard", "stopping_step": 100}
    folder = assert_continued_alike(monkeypatch, validations, settings)
    rates = [row[-1] for row in losses_of(folder) if row[0] == "soft"]
    assert rates[0] < rates[1] > rates[2] > rates[3] > 0
    stages = RunFolder.open(folder).load_json("metrics.json")["stages"]
    assert {record["ended"] for record in stages.values()} == {"schedule"}


def assert_continued_alike(monkeypatch, validations, settings):
    unbroken = recbole_opal.run("OPAL", "tiny", **settings)
    folder = interrupted_after(monkeypatch, validations, settings)
    resumed = recbole_opal.resume(folder)
    assert resumed.folder == folder
    assert_equal_runs(unbroken.folder, resumed.folder)
    assert resumed.stages == unbroken.stages
    return folder


def test_learned_weights_of_items_resume_exactly(quick_settings, monkeypatch):
    settings = quick_settings | {"epochs": 2, "recency": "both", "learning_rate": 0.01}
    unbroken = recbole_opal.run("OPAL", "tiny", **settings)
    folder = interrupted_after(monkeypatch, 1, settings)
    assert_equal_runs(unbroken.folder, recbole_opal.resume(folder).folder)
    weights = weights_of(folder)["soft"]
    assert weights["recency.places"].any()
    assert weights["recency.ages"].any()


def test_a_start_by_cooccurrence_resumes_exactly(quick_settings, monkeypatch):
    settings = quick_settings | {"epochs": 2, "item_start": "cooccurrence"}
    unbroken = recbole_opal.run("OPAL", "tiny", **settings)
    folder = interrupted_after(monkeypatch, 1, settings)
    # It is not worked out again, to be overwritten at once.
    monkeypatch.setattr(recommender, "cooccurrence_vectors", None)
    assert_equal_runs(unbroken.folder, recbole_opal.resume(folder).folder)


@pytest.mark.parametrize(
    ("model", "schedule"),
    [("GRU4Rec", {}), ("SASRec", {}), ("GRU4Rec", {"warmup_steps": 1000})],
)
def test_recbole_models_resume_exactly_too(quick_settings, monkeypatch, model, schedule):
    settings = {
        key: quick_settings[key]
        for key in (
            "data_path", "checkpoint_dir", "topk", "valid_metric", "tensorboard", "show_progress",
            "MAX_ITEM_LIST_LENGTH",
        )
    } | {"epochs": 3, "hidden_size": 8, "train_batch_size": 256} | CONSTANT | schedule  # fmt: skip
    unbroken = recbole_opal.run(model, "tiny", **settings)
    short = recbole_opal.run(model, "tiny", **settings | {"epochs": 1})
    longer = recbole_opal.resume(short.folder, epochs=3)
    assert_equal_runs(unbroken.folder, longer.folder)
    assert longer.stages == unbroken.stages
    rates = [row[-1] for row in losses_of(longer.folder)]
    assert (rates == [0.001] * 3) == (not schedule)


def test_two_and_two_epochs_equal_four(quick_settings):
    settings = quick_settings | CONSTANT | {"stages": "soft", "stopping_step": 100}
    four = recbole_opal.run("OPAL", "tiny", **settings | {"epochs": 4})
    two = recbole_opal.run("OPAL", "tiny", **settings | {"epochs": 2})
    assert_equal_runs(four.folder, recbole_opal.resume(two.folder, epochs=4).folder)


def test_a_finished_first_stage_cannot_be_prolonged(quick_settings):
    finished = recbole_opal.run("OPAL", "tiny", **quick_settings | CONSTANT)
    with pytest.raises(SettingsError, match="stage soft"):
        recbole_opal.resume(finished.folder, epochs=9)


def test_epochs_over_which_the_rate_falls_cannot_change(quick_settings):
    settings = quick_settings | {"stages": "soft", "warmup_steps": 0}
    finished = recbole_opal.run("OPAL", "tiny", **settings)
    with pytest.raises(SettingsError, match="--epochs=9 cannot be given to this run"):
        recbole_opal.resume(finished.folder, epochs=9)
    # Where the schedule has steps of its own, more epochs change nothing.
    own = recbole_opal.run("OPAL", "tiny", **settings, schedule_steps=2)
    assert recbole_opal.resume(own.folder, epochs=9).stages == own.stages
    fresh = recbole_opal.run("OPAL", "tiny", **settings | {"epochs": 9}, schedule_steps=2)
    assert origin_of(own.folder) == origin_of(fresh.folder)
    assert_equal_runs(own.folder, fresh.folder)


def test_resuming_a_finished_run_gives_its_result_again(quick_settings):
    finished = recbole_opal.run("OPAL", "tiny", **quick_settings)
    assert recbole_opal.resume(finished.folder).stages == finished.stages


def test_only_a_few_settings_may_change(quick_settings):
    finished = recbole_opal.run("OPAL", "tiny", **quick_settings | {"epochs": 1})
    with pytest.raises(SettingsError, match="--learning_rate cannot change"):
        recbole_opal.resume(finished.folder, learning_rate=0.1)


def test_a_damaged_state_is_refused_by_name(quick_settings):
    finished = recbole_opal.run("OPAL", "tiny", **quick_settings | {"epochs": 1})
    state = next(finished.folder.glob("state-*.safetensors"))
    data = bytearray(state.read_bytes())
    data[-5] ^= 1
    state.write_bytes(data)
    with pytest.raises(CheckpointError, match=state.name):
        recbole_opal.resume(finished.folder)


def test_other_data_is_refused(quick_settings, data_path):
    finished = recbole_opal.run("OPAL", "tiny", **quick_settings | {"epochs": 1})
    file = data_path / "tiny" / "tiny.inter"
    content = file.read_text()
    try:
        file.write_text(content + "newcomer\ti1\t1.7e9\n" * 6)
        with pytest.raises(SettingsError, match="not the one this run was trained on"):
            recbole_opal.resume(finished.folder)
    finally:
        file.write_text(content)


def start_process(settings, folder):
    flags = [f"--{name}={value}" for name, value in settings.items()]
    return subprocess.Popen(
        [sys.executable, str(SCRIPT), "--dataset=tiny", *flags],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=folder,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
    )


def wait_for_epochs(saved, count, limit_s=120):
    deadline = time.monotonic() + limit_s
    while time.monotonic() < deadline:
        for log in saved.glob("*/training.jsonl"):
            if len(log.read_text().splitlines()) >= count:
                return log.parent
        time.sleep(0.02)
    raise AssertionError("the run did not get far enough")


@pytest.mark.posix
@pytest.mark.parametrize("end", ["SIGINT", "SIGKILL"], ids=["ctrl-c", "kill"])
def test_a_process_that_is_ended_can_be_continued(quick_settings, tmp_path, end):
    settings = quick_settings | {"epochs": 12, "stopping_step": 100, "topk": "[5,10]"} | FALLING
    process = start_process(settings, tmp_path)
    folder = wait_for_epochs(Path(settings["checkpoint_dir"]), 3)
    process.send_signal(getattr(signal, end))
    _, errors = process.communicate(timeout=60)
    if end == "SIGINT":
        assert process.returncode == 130
        assert f"--resume={folder}" in errors
        assert "Traceback" not in errors
    resumed = recbole_opal.resume(folder)
    unbroken = recbole_opal.run("OPAL", "tiny", **settings | {"topk": [5, 10]})
    assert_equal_runs(unbroken.folder, resumed.folder)
    assert not list(folder.glob("*.tmp"))


@pytest.mark.parametrize("epochs", [None, 4, 3])
def test_resuming_a_stage_that_ran_out_of_epochs_keeps_its_best_weights(quick_settings, epochs):
    """The weights of the last epoch must not take the place of the best ones."""
    settings = quick_settings | CONSTANT | {"stages": "soft", "epochs": 4, "learning_rate": 0.3}
    finished = recbole_opal.run("OPAL", "tiny", **settings)
    record = RunFolder.open(finished.folder).load_json("metrics.json")["stages"]["soft"]
    assert (record["ended"], record["epochs"]) == ("epochs", 4)
    assert 0 <= record["best_epoch"] < 3
    weights = weights_of(finished.folder)["soft"]
    again = recbole_opal.resume(finished.folder, **({} if epochs is None else {"epochs": epochs}))
    assert again.stages == finished.stages
    after = RunFolder.open(finished.folder).load_json("metrics.json")["stages"]["soft"]
    assert after["best_epoch"] == record["best_epoch"]
    assert after["valid"] == record["valid"]
    for name, value in weights_of(finished.folder)["soft"].items():
        assert torch.equal(value, weights[name]), name


def origin_of(folder):
    return RunFolder.open(folder).load_json("origin.json")


@pytest.mark.parametrize(
    ("first", "then", "alike"),
    [
        ({"epochs": 4}, 2, False),  # is past them
        ({"epochs": 2}, 4, True),
        ({"epochs": 1, "eval_step": 2}, 4, False),  # validated where four epochs would not have
        ({"epochs": 2, "eval_step": 2}, 4, True),
    ],
)
def test_other_epochs_make_another_run_only_where_it_has_gone_that_way(
    quick_settings, caplog, first, then, alike
):
    """A comparison finds runs by their origin: one of four epochs must not stand for one of two."""
    settings = quick_settings | CONSTANT | {"stages": "soft", "stopping_step": 100} | first
    run = recbole_opal.run("OPAL", "tiny", **settings)
    caplog.clear()
    recbole_opal.resume(run.folder, epochs=then)
    fresh = recbole_opal.run("OPAL", "tiny", **settings | {"epochs": then})
    assert (origin_of(run.folder) == origin_of(fresh.folder)) == alike
    assert ("no comparison will reuse it" in caplog.text) != alike
    recbole_opal.resume(run.folder)
    assert (origin_of(run.folder) == origin_of(fresh.folder)) == alike
    if first == {"epochs": 4}:  # and the way back
        recbole_opal.resume(run.folder, epochs=5)
        longer = recbole_opal.run("OPAL", "tiny", **settings | {"epochs": 5})
        assert origin_of(run.folder) == origin_of(longer.folder)
        assert_equal_runs(longer.folder, run.folder)


def test_models_that_are_computed_at_once_are_the_same_with_any_epochs(quick_settings):
    keys = ("data_path", "checkpoint_dir", "topk", "valid_metric", "tensorboard", "show_progress")
    settings = {key: quick_settings[key] for key in keys} | {"eval_step": 3}
    run = recbole_opal.run("Pop", "tiny", **settings, epochs=5)
    recbole_opal.resume(run.folder, epochs=2)
    fresh = recbole_opal.run("Pop", "tiny", **settings, epochs=2)
    assert origin_of(run.folder) == origin_of(fresh.folder)
    assert_equal_runs(fresh.folder, run.folder)

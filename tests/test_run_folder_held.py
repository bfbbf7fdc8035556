"""A run has its folder for itself from the first moment to the last, whoever else looks at it."""

import json
import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
import torch

import recbole_opal
from recbole_opal.errors import CheckpointError
from recbole_opal.experiment import session
from recbole_opal.host.config import OpalConfig
from recbole_opal.host.origin import origin_of
from recbole_opal.host.trainer import StagedTrainer
from recbole_opal.runs import RunFolder, RunReader
from recbole_opal.runs.origin import Origin
from recbole_opal.side_by_side.known_runs import KnownRuns
from recbole_opal.training.loop import TrainingLoop

ROOT = Path(__file__).parents[1]

# Opens every folder there is, for writing and for reading, as fast as it can, until it is killed.
POLL = textwrap.dedent(
    """
    import sys
    from pathlib import Path
    from recbole_opal.errors import CheckpointError
    from recbole_opal.runs import RunFolder, RunReader, lock
    lock.exclusive.__wrapped__.__defaults__ = (0.0,)  # never waits
    print("polling", flush=True)
    while True:
        for path in Path(sys.argv[1]).glob("*"):
            for kind in (RunFolder, RunReader):
                try:
                    kind.open(path).verify()
                except CheckpointError:
                    pass
    """
)


@pytest.fixture
def poller(quick_settings):
    process = subprocess.Popen(
        [sys.executable, "-c", POLL, quick_settings["checkpoint_dir"]],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    try:
        assert process.stdout.readline() == b"polling\n"
        yield process
        assert process.poll() is None
    finally:
        process.kill()
        process.communicate()


def run(settings):
    return recbole_opal.run("OPAL", "tiny", **settings)


def results(folder):
    """What must be equal of two runs."""
    folder = RunReader.open(Path(folder))
    folder.verify()
    weights = {stage: folder.load_weights(stage) for stage in folder.stages}
    stages = folder.load_json("metrics.json")["stages"]
    kept = ("valid", "test", "best_epoch", "epochs", "ended")
    return {s: {name: record[name] for name in kept} for s, record in stages.items()}, weights


def assert_equal_results(one, other):
    (first, first_weights), (second, second_weights) = results(one), results(other)
    assert first == second
    for stage, weights in first_weights.items():
        for name, value in weights.items():
            assert torch.equal(value, second_weights[stage][name])


def interrupted(settings, monkeypatch, epochs):
    """A run that was stopped after so many epochs."""
    with monkeypatch.context() as patch:
        left = [epochs]
        original = TrainingLoop.train_epoch

        def stop(self, *arguments, **options):
            left[0] -= 1
            if left[0] < 0:
                raise KeyboardInterrupt
            return original(self, *arguments, **options)

        patch.setattr(TrainingLoop, "train_epoch", stop)
        with pytest.raises(KeyboardInterrupt) as caught:
            run(settings)
    return caught.value.folder


def test_opening_it_all_the_time_disturbs_neither_a_run_nor_its_resuming(quick_settings, poller):
    for _ in range(3):
        result = run(quick_settings | {"epochs": 1})
        recbole_opal.resume(result.folder)
        results(result.folder)


def test_it_is_held_from_its_appearance_to_the_last_file(quick_settings, monkeypatch):
    tried = []

    def try_to_open(when):
        for path in Path(quick_settings["checkpoint_dir"]).glob("*"):
            with pytest.raises(CheckpointError, match="goes on"):
                RunFolder.open(path)
            tried.append(when)

    def watch(owner, name):
        original = getattr(owner, name)

        def call(*arguments, **options):
            try_to_open(f"before {name}")
            done = original(*arguments, **options)
            try_to_open(f"after {name}")
            return done

        monkeypatch.setattr(owner, name, call)

    watch(StagedTrainer, "__init__")
    watch(StagedTrainer, "fit")
    watch(session, "write_results")
    result = run(quick_settings | {"epochs": 1})
    recbole_opal.resume(result.folder)
    assert {"before __init__", "after fit", "before write_results", "after write_results"} <= set(
        tried
    )
    RunFolder.open(result.folder).verify()


def test_of_two_resumes_at_once_the_second_is_refused(quick_settings, monkeypatch):
    unbroken = run(quick_settings).folder
    folder = interrupted(quick_settings, monkeypatch, 1)
    refused = []
    original = StagedTrainer.fit

    def fit(self, *arguments, **options):
        with pytest.raises(CheckpointError, match="belongs to a run that goes on"):
            recbole_opal.resume(folder)
        refused.append(True)
        return original(self, *arguments, **options)

    monkeypatch.setattr(StagedTrainer, "fit", fit)
    recbole_opal.resume(folder)
    assert refused == [True]
    assert_equal_results(folder, unbroken)


def test_a_resume_that_began_earlier_finds_the_run_as_another_one_finished_it(
    quick_settings, monkeypatch
):
    unbroken = run(quick_settings).folder
    folder = interrupted(quick_settings, monkeypatch, 1)
    original, first = RunFolder.open.__func__, []

    def open_and_fall_behind(cls, path):
        opened = original(cls, path)
        if not first:
            first.append(True)
            recbole_opal.resume(folder)
        return opened

    monkeypatch.setattr(RunFolder, "open", classmethod(open_and_fall_behind))
    epochs = []
    train = TrainingLoop.train_epoch
    monkeypatch.setattr(
        TrainingLoop,
        "train_epoch",
        lambda self, *a, **o: (epochs.append(1), train(self, *a, **o))[1],
    )
    recbole_opal.resume(folder)
    assert len(epochs) == 5  # the other one's; the late one trains nothing again
    assert_equal_results(folder, unbroken)


def test_stopped_before_its_first_state_it_starts_anew_in_its_folder(quick_settings, monkeypatch):
    unbroken = run(quick_settings).folder
    with monkeypatch.context() as patch:
        patch.setattr(
            StagedTrainer, "fit", lambda *a, **o: (_ for _ in ()).throw(KeyboardInterrupt)
        )
        with pytest.raises(KeyboardInterrupt) as caught:
            run(quick_settings)
    folder = caught.value.folder
    assert not RunReader.open(folder).has_state()
    config = OpalConfig.from_plain(RunReader.open(folder).load_yaml("config.yaml"))
    assert KnownRuns(folder.parent).unfinished(origin_of(config)) == folder
    assert recbole_opal.resume(folder).folder == folder
    assert_equal_results(folder, unbroken)


def test_prolonged_it_no_longer_stands_for_the_short_run(quick_settings):
    # More epochs may follow at a constant rate alone.
    settings = {"stages": ["soft"], "learning_rate_schedule": "constant"}
    folder = run(quick_settings | settings).folder
    short = RunReader.open(folder)
    before = Origin(**short.load_json("origin.json"))
    known = KnownRuns(folder.parent)
    assert known.finished(before) == folder
    recbole_opal.resume(folder, epochs=3)
    plain = RunReader.open(folder).load_yaml("config.yaml")
    assert plain["epochs"] == 3
    assert known.finished(before) is None
    assert known.finished(origin_of(OpalConfig.from_plain(plain))) == folder


def test_stopped_while_prolonged_it_goes_on_to_the_new_end(quick_settings, monkeypatch):
    settings = quick_settings | {"stages": ["soft"], "learning_rate_schedule": "constant"}
    long = run(settings | {"epochs": 4}).folder
    folder = run(settings).folder
    with monkeypatch.context() as patch:
        original = TrainingLoop.train_epoch

        def stop(self, batches):
            if self.epoch == 3:
                raise KeyboardInterrupt
            return original(self, batches)

        patch.setattr(TrainingLoop, "train_epoch", stop)
        with pytest.raises(KeyboardInterrupt):
            recbole_opal.resume(folder, epochs=4)
    assert "metrics.json" not in RunReader.open(folder).names
    recbole_opal.resume(folder)
    assert_equal_results(folder, long)


def test_a_state_of_another_kind_is_one_line(quick_settings):
    folder = RunFolder.open(run(quick_settings | {"epochs": 1}).folder)
    sound = folder.load_state()
    for state in ({}, 5, {"seconds": 1.0, "training": 5}, sound | {"training": {"records": {}}}):
        folder.save_state(state)
        with pytest.raises(CheckpointError, match="holds a state that this version cannot") as told:
            recbole_opal.resume(folder.path)
        assert "\n" not in str(told.value)


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs kill -9")
def test_killed_starts_leave_nothing_behind(quick_settings):
    """Kills at the moments around the folder's creation; then one run tidies all of it up."""
    script = (
        "import itertools, json, os, sys\n"
        "from recbole_opal.runs import atomic\n"
        "import recbole_opal\n"
        "at, settings = int(sys.argv[1]), json.loads(sys.argv[2])\n"
        "calls = itertools.count()\n"
        "def wrap(original):\n"
        "    def call(*arguments):\n"
        "        if next(calls) == at: os.kill(os.getpid(), 9)\n"
        "        return original(*arguments)\n"
        "    return call\n"
        "for name in ('write_synced', 'sync_folder'):\n"
        "    setattr(atomic, name, wrap(getattr(atomic, name)))\n"
        "recbole_opal.run('OPAL', 'tiny', **settings)\n"
    )
    parent = Path(quick_settings["checkpoint_dir"])
    for at in (2, 6):  # before the manifest, before the first state
        process = subprocess.run(
            [sys.executable, "-c", script, str(at), json.dumps(quick_settings)],
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            check=False,
            capture_output=True,
        )
        assert process.returncode == -signal.SIGKILL, process.stderr
    finished = run(quick_settings).folder
    assert not list(parent.glob(".*"))
    config = OpalConfig.from_plain(RunReader.open(finished).load_yaml("config.yaml"))
    for folder in parent.iterdir():
        RunReader.open(folder).verify()
        if folder != finished:
            assert RunReader.open(folder).names == ["config.yaml", "ids.json", "origin.json"]
    assert KnownRuns(parent).unfinished(origin_of(config)) in set(parent.iterdir()) - {finished}

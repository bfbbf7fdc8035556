import dataclasses
import json
import os

import pytest

from recbole_opal.errors import CheckpointError
from recbole_opal.runs import RunFolder
from recbole_opal.side_by_side.compare import own_folder
from recbole_opal.side_by_side.known_runs import KnownRuns


def test_a_finished_run_of_the_same_origin_is_found(tmp_path, run_maker, origin):
    path = run_maker(tmp_path, origin)
    known = KnownRuns(tmp_path)
    assert known.finished(origin) == path
    assert known.unfinished(origin) is None


def test_an_unfinished_one_can_go_on_but_is_not_done(tmp_path, run_maker, origin):
    path = run_maker(tmp_path, origin, finished=False)
    known = KnownRuns(tmp_path)
    assert known.finished(origin) is None
    assert known.unfinished(origin) == path


@pytest.mark.parametrize(
    "change",
    [
        {"settings": "c" * 64},
        {"data": {"tiny.inter": "c" * 64}},
        {"data": {}},
        {"versions": {"recbole_opal": "0.2.0"}},
        {"machine": {"device": "cuda", "threads": "1"}},
        {"machine": {"device": "cpu", "threads": "2"}},
        {"machine": {}},
    ],
)
@pytest.mark.parametrize("finished", [True, False])
def test_any_difference_makes_it_another_run(tmp_path, run_maker, origin, change, finished):
    origin = origin.on({"device": "cpu", "threads": "1"})
    run_maker(tmp_path, origin, finished=finished)
    other = dataclasses.replace(origin, **change)
    assert KnownRuns(tmp_path).finished(other) is None
    assert KnownRuns(tmp_path).unfinished(other) is None


def test_a_run_that_ended_under_another_version_is_not_reused(tmp_path, run_maker, origin):
    versions = {"recbole": "1.2.1", "torch": "9.9", "numpy": "2.4.6"}
    run_maker(tmp_path, origin, versions=versions)
    assert KnownRuns(tmp_path).finished(origin) is None


@pytest.mark.parametrize("name", ["metrics.json", "per_user-soft-test.npz", "config.yaml"])
def test_a_damaged_run_is_not_reused(tmp_path, run_maker, origin, name):
    path = run_maker(tmp_path, origin)
    data = bytearray((path / name).read_bytes())
    data[len(data) // 2] ^= 1
    (path / name).write_bytes(bytes(data))
    assert KnownRuns(tmp_path).finished(origin) is None


def test_a_run_that_another_process_works_on_is_left_alone(tmp_path, run_maker, origin):
    path = run_maker(tmp_path, origin, finished=False)
    with RunFolder.open(path).working():
        assert KnownRuns(tmp_path).unfinished(origin) is None
    assert KnownRuns(tmp_path).unfinished(origin) == path


def test_other_folders_do_not_disturb(tmp_path, run_maker, origin):
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "origin.json").write_text("mine")
    (tmp_path / "file").write_text("mine")
    path = run_maker(tmp_path, origin)
    assert KnownRuns(tmp_path).finished(origin) == path
    assert KnownRuns(tmp_path / "missing").finished(origin) is None


def damage(path, name):
    data = bytearray((path / name).read_bytes())
    data[len(data) // 2] ^= 1
    (path / name).write_bytes(bytes(data))


def known_runs(parent):
    told = []
    return KnownRuns(parent, told.append), told


@pytest.mark.parametrize("name", ["state-1.safetensors", "ids.json", "manifest.json"])
def test_a_damaged_unfinished_run_is_left_aside_with_a_word(tmp_path, run_maker, origin, name):
    path = run_maker(tmp_path, origin, finished=False)
    known, told = known_runs(tmp_path)
    assert known.unfinished(origin) == path
    damage(path, name)
    assert known.unfinished(origin) is None
    assert len(told) == 1
    assert told[0].startswith(f"warning: {path} cannot go on and is left aside")
    assert name in told[0]
    assert "\n" not in told[0]
    fresh = run_maker(tmp_path, origin, finished=False)
    assert known.unfinished(origin) == fresh
    assert len(told) == 1


def test_a_missing_file_is_damage_too(tmp_path, run_maker, origin):
    path = run_maker(tmp_path, origin, finished=False)
    (path / "state-1.safetensors").unlink()
    known, told = known_runs(tmp_path)
    assert known.unfinished(origin) is None
    assert len(told) == 1


def test_a_damaged_finished_run_is_told_of_only_where_none_replaces_it(tmp_path, run_maker, origin):
    damage(run_maker(tmp_path, origin), "metrics.json")
    known, told = known_runs(tmp_path)
    assert known.finished(origin) is known.unfinished(origin) is None
    assert len(told) == 1
    sound = run_maker(tmp_path, origin)
    assert known.finished(origin) == sound
    assert len(told) == 1


def test_without_anybody_to_tell_it_is_logged(tmp_path, run_maker, origin, caplog):
    damage(run_maker(tmp_path, origin, finished=False), "ids.json")
    assert KnownRuns(tmp_path).unfinished(origin) is None
    assert [record.levelname for record in caplog.records] == ["WARNING"]


def begun(parent, origin):
    """A run that was killed before it saved its first state."""
    folder = RunFolder.create(parent, "begun")
    with folder.update():
        folder.save_yaml("config.yaml", {"seed": 1})
        folder.save_json("ids.json", {})
        folder.save_json("origin.json", origin.as_plain())
    return folder.path


def test_a_run_without_a_state_goes_on_too_but_one_with_a_state_is_better(
    tmp_path, run_maker, origin
):
    first = begun(tmp_path, origin)
    known, told = known_runs(tmp_path)
    assert known.unfinished(origin) == first
    assert known.finished(origin) is None
    better = run_maker(tmp_path, origin, finished=False)
    os.utime(better, (1, 1))  # older
    assert known.unfinished(origin) == better
    assert told == []


def test_a_folder_that_is_being_made_is_none(tmp_path, origin):
    path = begun(tmp_path, origin)
    path.rename(tmp_path / f".{path.name}.new")
    assert KnownRuns(tmp_path).unfinished(origin) is None


def test_a_finished_run_that_is_prolonged_meanwhile_is_left_alone(tmp_path, run_maker, origin):
    path = run_maker(tmp_path, origin)
    with RunFolder.open(path).working():
        assert KnownRuns(tmp_path).finished(origin) is None
    assert KnownRuns(tmp_path).finished(origin) == path


@pytest.mark.parametrize("content", [5, [], {"versions": 5}, {}, None])
def test_odd_metrics_are_no_finished_run(tmp_path, run_maker, origin, content):
    path = run_maker(tmp_path, origin)
    RunFolder.open(path).save_json("metrics.json", content)
    assert KnownRuns(tmp_path).finished(origin) is None


@pytest.mark.posix  # the pipe
@pytest.mark.parametrize("key", ["settings", "data", "versions"])
def test_an_odd_origin_is_another_run(tmp_path, run_maker, origin, key):
    path = run_maker(tmp_path, origin)
    (path / "origin.json").write_text(json.dumps(origin.as_plain() | {key: [1]}))
    assert KnownRuns(tmp_path).finished(origin) is None
    (path / "origin.json").unlink()
    os.mkfifo(path / "origin.json")
    assert KnownRuns(tmp_path).finished(origin) is None


def test_looking_for_runs_changes_nothing(tmp_path, run_maker, origin):
    paths = [run_maker(tmp_path, origin, finished=finished) for finished in (True, False)]
    for path in paths:
        (path / "state-9.safetensors").write_bytes(b"not listed")
        (path / ".metrics.json.0123.tmp").write_bytes(b"half")
    before = {p: (p.lstat().st_mtime_ns, p.lstat().st_ino) for p in tmp_path.rglob("*")}
    assert KnownRuns(tmp_path).finished(origin) == paths[0]
    assert KnownRuns(tmp_path).unfinished(origin) == paths[1]
    assert before == {p: (p.lstat().st_mtime_ns, p.lstat().st_ino) for p in tmp_path.rglob("*")}


def test_a_second_comparison_sweeps_nothing_of_one_that_goes_on(tmp_path):
    folder = tmp_path / "comparison"
    with own_folder(folder):
        staged = folder / ".comparison.json.0123.tmp"
        staged.write_text("half written")
        with pytest.raises(CheckpointError, match="goes on"), own_folder(folder):
            pass
        assert staged.exists()
    with own_folder(folder):
        assert not staged.exists()

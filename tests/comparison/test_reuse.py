import dataclasses

import pytest

from recbole_opal.comparison.reuse import KnownRuns
from recbole_opal.runs import RunFolder


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

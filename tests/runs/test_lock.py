"""A run that goes on keeps others out of its folder; a dead one does not."""

import subprocess
import sys
import textwrap

import pytest

from recbole_opal.errors import CheckpointError
from recbole_opal.runs import RunFolder, lock

HOLD = textwrap.dedent(
    """
    import sys
    from pathlib import Path
    from recbole_opal.runs import RunFolder
    with RunFolder.open(Path(sys.argv[1])).working():
        print("working", flush=True)
        sys.stdin.read()
    """
)


@pytest.fixture
def folder(tmp_path):
    run = RunFolder.create(tmp_path, "run")
    run.save_json("metrics.json", {"a": 1})
    return run


def test_nobody_opens_a_folder_in_which_a_run_works(folder):
    with folder.working(), pytest.raises(CheckpointError, match="a run that goes on"):
        RunFolder.open(folder.path)
    assert RunFolder.open(folder.path).load_json("metrics.json") == {"a": 1}


def test_the_running_process_itself_may_write_on(folder):
    with folder.working():
        folder.save_json("metrics.json", {"a": 2})
    assert folder.load_json("metrics.json") == {"a": 2}


def test_another_process_keeps_us_out_until_it_is_killed(folder):
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(folder.path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout.readline() == "working\n"
        staged = folder.path / ".metrics.json.0.tmp"
        staged.write_text("half written by the other")
        with pytest.raises(CheckpointError, match="wait for its end"):
            RunFolder.open(folder.path)
        assert staged.exists()
    finally:
        process.kill()
        process.communicate()
    RunFolder.open(folder.path)
    assert not staged.exists()


def test_where_no_folder_can_be_opened_a_file_beside_it_is_held(tmp_path, monkeypatch):
    """As on Windows: one lock for the folder under its hidden name and under its own."""
    monkeypatch.setattr(lock, "_FOLDERS_OPEN", False)
    hidden, path = tmp_path / ".run.new", tmp_path / "run"
    hidden.mkdir()
    with lock.exclusive(hidden):
        hidden.rename(path)
        assert lock.in_use(path)
        assert list(path.iterdir()) == []
    assert not lock.in_use(path)
    with (
        pytest.raises(CheckpointError, match="cannot open .*gone"),
        lock.exclusive(tmp_path / "gone"),
    ):
        pass
    run = RunFolder.create(tmp_path, "run")
    with run.working(), pytest.raises(CheckpointError, match="a run that goes on"):
        RunFolder.open(run.path)

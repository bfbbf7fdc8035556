"""A disk that fills up at any moment of a run: one line, and nothing half-written."""

import errno
import json
import os
from pathlib import Path

import pytest

import recbole_opal
from recbole_opal.errors import CheckpointError
from recbole_opal.runs import RunFolder, atomic


def run(settings):
    return recbole_opal.run("OPAL", "tiny", **settings)


@pytest.fixture
def told(quick_settings, monkeypatch, disk):
    """Return a function that runs on a disk for so many files, and gives the line told."""

    def fail(files):
        monkeypatch.setattr(atomic, "os", disk(files))
        with pytest.raises(CheckpointError) as caught:
            run(quick_settings)
        monkeypatch.setattr(atomic, "os", os)
        message = str(caught.value)
        assert "\n" not in message
        assert "No space left on device" in message
        assert "--checkpoint_dir" in message
        assert caught.value.exit_code == 2
        return message

    return fail


@pytest.mark.parametrize("files", [0, 1, 3])
def test_before_the_first_save_nothing_is_left(told, quick_settings, files):
    told(files)
    assert list(Path(quick_settings["checkpoint_dir"]).iterdir()) == []


def test_later_the_run_can_go_on_from_its_last_state(told, quick_settings):
    told(9)
    (folder,) = Path(quick_settings["checkpoint_dir"]).iterdir()
    assert not list(folder.glob(".*.tmp"))
    opened = RunFolder.open(folder)
    opened.verify()
    assert opened.has_state()
    recbole_opal.resume(folder)
    assert "soft" in json.loads((folder / "metrics.json").read_text())["stages"]


def test_the_log_too(quick_settings, monkeypatch):
    import logging

    def full(self):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(logging.FileHandler, "flush", full)
    with pytest.raises(CheckpointError, match=r"\.log.*No space left"):
        run(quick_settings)


def test_a_place_that_may_not_be_written(quick_settings, tmp_path):
    (tmp_path / "taken").write_text("")
    with pytest.raises(CheckpointError, match="taken"):
        run(quick_settings | {"checkpoint_dir": str(tmp_path / "taken")})

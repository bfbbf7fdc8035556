import errno
from pathlib import Path

import pytest

from recbole_opal.errors import DataError
from recbole_opal.runs import staged_files
from recbole_opal.runs.staged_files import StagedFiles


def names(folder):
    return sorted(path.name for path in folder.rglob("*"))


def test_files_appear_together_at_the_end(tmp_path):
    target = tmp_path / "a" / "b"
    with StagedFiles(target) as files:
        files.write("one", [b"1", b"2"])
        files.write("two", iter([b""]))
        assert not (target / "one").exists()
    assert names(target) == ["one", "two"]
    assert (target / "one").read_bytes() == b"12"


@pytest.mark.parametrize("error", [KeyboardInterrupt, DataError, ValueError])
def test_an_error_leaves_the_disk_as_it_was(tmp_path, error):
    old = tmp_path / "old"
    old.mkdir()
    (old / "one").write_bytes(b"before")
    for target in (old, tmp_path / "new" / "deeper"):
        with pytest.raises(error), StagedFiles(target) as files:  # noqa: PT012
            files.write("one", [b"after"])
            raise error
    assert names(tmp_path) == ["old", "one"]
    assert (old / "one").read_bytes() == b"before"


def test_parts_that_fail_half_way(tmp_path):
    def parts():
        yield b"x" * 100
        raise DataError("line 7 is bad; mend it.")

    with pytest.raises(DataError, match="line 7"), StagedFiles(tmp_path / "new") as files:
        files.write("one", parts())
    assert names(tmp_path) == []


@pytest.mark.parametrize("call", ["fsync", "replace"])
def test_a_full_disk_is_one_line_and_leaves_nothing(tmp_path, monkeypatch, call):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    if call == "fsync":
        monkeypatch.setattr(staged_files.os, "fsync", full)
    else:
        monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(DataError) as caught, StagedFiles(tmp_path / "new") as files:
        files.write("one", [b"1"])
    assert "No space left on device" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert names(tmp_path) == []


def test_a_folder_in_place_of_a_file_is_refused_before_any_file_is_replaced(tmp_path):
    (tmp_path / "two").mkdir()
    (tmp_path / "one").write_bytes(b"before")
    with pytest.raises(DataError, match="two"), StagedFiles(tmp_path) as files:  # noqa: PT012
        files.write("one", [b"after"])
        files.write("two", [b"after"])
    assert (tmp_path / "one").read_bytes() == b"before"
    assert names(tmp_path) == ["one", "two"]


def test_a_file_in_place_of_the_folder(tmp_path):
    (tmp_path / "a").write_bytes(b"")
    with pytest.raises(DataError, match="cannot write"), StagedFiles(tmp_path / "a" / "b"):
        pass
    with pytest.raises(DataError, match="cannot write"), StagedFiles(tmp_path / "a") as files:
        files.write("one", [b""])


def test_what_a_kill_left_is_swept(tmp_path):
    (tmp_path / ".one.0123.tmp").write_bytes(b"half")
    with StagedFiles(tmp_path) as files:
        files.write("one", [b"1"])
    assert names(tmp_path) == ["one"]


def test_one_command_at_a_time_writes_into_a_folder(tmp_path):
    with StagedFiles(tmp_path) as files:
        files.write("one", [b"1"])
        with pytest.raises(DataError, match="wait for its end"), StagedFiles(tmp_path):
            pass
    assert names(tmp_path) == ["one"]
    with StagedFiles(tmp_path) as files:
        files.write("two", [b"2"])
    assert names(tmp_path) == ["one", "two"]

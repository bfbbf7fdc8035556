"""A file appears whole or not at all."""

import errno

import pytest

from recbole_opal.errors import DataError
from recbole_opal.runs.whole_file import whole_file


@pytest.fixture
def path(tmp_path):
    (tmp_path / "lists.csv").write_bytes(b"old")
    return tmp_path / "lists.csv"


def stopped(path, error):
    with whole_file(path) as file:
        file.write(b"half")
        raise error


def test_it_replaces_an_older_one(path):
    with whole_file(path) as file:
        file.write(b"new")
        assert path.read_bytes() == b"old"
    assert path.read_bytes() == b"new"
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("error", [KeyboardInterrupt, ValueError, DataError("told")])
def test_after_an_error_the_older_one_is_there(path, error):
    kind = error if isinstance(error, type) else type(error)
    with pytest.raises(kind):
        stopped(path, error)
    assert path.read_bytes() == b"old"
    assert list(path.parent.iterdir()) == [path]


def test_a_full_disk_is_one_line(path):
    with pytest.raises(DataError, match=r"lists\.csv \(No space left.*free or repair that place"):
        stopped(path, OSError(errno.ENOSPC, "No space left on device"))
    assert path.read_bytes() == b"old"
    assert list(path.parent.iterdir()) == [path]


def test_places_that_cannot_be_written(tmp_path):
    (tmp_path / "folder").mkdir()
    for path in (tmp_path / "folder", tmp_path / "none" / "lists.csv"):
        with pytest.raises(DataError, match="cannot write"), whole_file(path) as file:
            file.write(b"x")
    assert [path.name for path in tmp_path.iterdir()] == ["folder"]

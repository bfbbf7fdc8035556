"""The folder of stored histories appears whole, and what is not as it was made is made again."""

import errno
import os

import numpy as np
import pytest

from recbole_opal.data.atomic_files import TableFormat, text_lines
from recbole_opal.data.stored import LogFile, build, stored_histories
from recbole_opal.errors import DataError

HEADER = "user_id:token\titem_id:token\ttimestamp:float\n"
NAMES = ["user_id", "item_id", "timestamp"]


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "tiny.inter"
    random = np.random.default_rng(0)
    rows = zip(random.integers(9, size=80), random.integers(7, size=80), range(80), strict=True)
    lines = "".join(f"u{user}\ti{item}\t{1.6e9 + time:.0f}\n" for user, item, time in rows)
    path.write_text(HEADER + lines)
    return path


@pytest.fixture
def histories(path, tmp_path):
    """Return a function that builds or opens, and says which by the note and the inode."""

    def get(source="a", unit=None):
        log = LogFile(path, TableFormat(), NAMES, unit)
        return stored_histories(tmp_path / "stored" / "tiny", source, log)

    return get


def made(tmp_path):
    return (tmp_path / "stored" / "tiny").stat().st_ino


def test_what_is_there_and_whole_is_not_made_again(histories, tmp_path):
    first, note = histories()
    assert note is None
    number = made(tmp_path)
    again, note = histories()
    assert (note, made(tmp_path)) == (None, number)
    np.testing.assert_array_equal(first.sequences.items, again.sequences.items)
    assert again.tokens == first.tokens
    assert again.tokens["users"][0] == "[PAD]"
    assert sorted(again.tokens["users"][1:]) == [f"u{number}" for number in range(9)]
    assert again.time_unit == "seconds"


def test_of_another_source_it_is_made_again_with_a_line(histories, tmp_path):
    histories()
    number = made(tmp_path)
    found, note = histories("b")
    assert (
        note == f"{tmp_path}/stored/tiny was made from other data or settings: its histories "
        "are built again"
    )
    assert made(tmp_path) != number
    assert os.listdir(tmp_path / "stored") == ["tiny"]  # noqa: PTH208
    assert len(found.sequences.items) == 80


FILES = [*build.TOKENS.values(), *(f"{n}.int64" for n in ("items", "first_seen", "new_items"))]


@pytest.mark.parametrize("name", [*FILES, "offsets.int64", "new_before.int64", "times.float64"])
def test_one_changed_bit_is_found_and_mended(histories, tmp_path, name):
    whole, _ = histories()
    file = tmp_path / "stored" / "tiny" / name
    truth = data = file.read_bytes()
    file.unlink()  # a mapped file is never changed in place
    file.write_bytes(data[:-3] + bytes([data[-3] ^ 1]) + data[-2:])
    found, note = histories()
    assert f"is damaged ({name} does not match its digest): its histories are built" in note
    assert file.read_bytes() == truth
    np.testing.assert_array_equal(found.sequences.times, whole.sequences.times)


@pytest.mark.parametrize("manifest", ["", "[]", '{"format": 1}', None])
def test_a_folder_without_its_manifest_is_made_again(histories, tmp_path, manifest):
    histories()
    file = tmp_path / "stored" / "tiny" / "histories.json"
    file.unlink()
    if manifest is not None:
        file.write_text(manifest)
    assert "histories.json cannot be read" in histories()[1]
    assert histories()[1] is None


def test_what_a_kill_left_is_swept(histories, tmp_path):
    left = tmp_path / "stored" / ".tiny.0123.new"
    left.mkdir(parents=True)
    (left / "rows").write_bytes(b"half")
    histories()
    assert os.listdir(tmp_path / "stored") == ["tiny"]  # noqa: PTH208


def test_a_full_disk_leaves_what_was_there(histories, tmp_path, monkeypatch):
    histories()
    number = made(tmp_path)

    def full(*arguments):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(build, "write_file", full)
    with pytest.raises(DataError, match=r"cannot write .*tiny \(No space left on device\); free"):
        histories("b")
    assert os.listdir(tmp_path / "stored") == ["tiny"]  # noqa: PTH208
    monkeypatch.undo()
    assert histories()[1] is None
    assert made(tmp_path) == number


def test_a_malformed_line_is_named_and_leaves_nothing(histories, path, tmp_path):
    with path.open("a") as file:
        file.write("u1\ti1\n")
    with pytest.raises(DataError, match="line 82 has 2 fields"):
        histories()
    assert os.listdir(tmp_path / "stored") == []  # noqa: PTH208


def test_times_of_two_units_are_refused_where_the_second_begins(histories, path, monkeypatch):
    with path.open("a") as file:
        file.write("u1\ti1\t1600000000000\n" * 80)
    monkeypatch.setattr(text_lines, "_FIRST", 1600)  # bytes: 80 rows in each block, or so
    monkeypatch.setattr(text_lines, "_NEXT", 1600)
    with pytest.raises(DataError, match=r"line \d+: .*--time_unit"):
        histories()


def test_a_file_without_rows_is_refused(histories, path):
    path.write_text(HEADER)
    with pytest.raises(DataError, match="holds a header and no row"):
        histories()


def test_mapped_arrays_cannot_be_written_to(histories):
    sequences = histories()[0].sequences
    with pytest.raises(ValueError, match="read-only"):
        sequences.items[0] = 1

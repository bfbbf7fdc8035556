import gzip
import os

import pytest

from recbole_opal.data.atomic_files import text_lines as lines
from recbole_opal.data.atomic_files.text_lines import line_blocks, unpacking_command
from recbole_opal.errors import DataError


@pytest.fixture
def write(tmp_path):
    """Return a function that writes bytes to a file and returns its path."""

    def to_file(data):
        path = tmp_path / "a.inter"
        path.write_bytes(data)
        return path

    return to_file


def read(path, encoding="utf-8"):
    return b"".join(block for block, _ in line_blocks(path, encoding))


def refusal(path, encoding="utf-8"):
    with pytest.raises(DataError) as caught:
        read(path, encoding)
    message = str(caught.value)
    assert "\n" not in message
    return message


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"", b""),
        (b"a\nb\n", b"a\nb\n"),
        (b"a\nb", b"a\nb\n"),
        (b"a\r\nb\r\n", b"a\nb\n"),
        (b"\xef\xbb\xbfa\n", b"a\n"),
        ("é\n".encode(), "é\n".encode()),
    ],
)
def test_plain_lines_come_out(write, data, text):
    assert read(write(data)) == text


@pytest.mark.parametrize("encoding", ["latin-1", "cp1252", "utf-16", "utf-16-le", "utf-8-sig"])
def test_other_encodings_become_utf8(write, encoding):
    assert read(write("é\r\nö\n".encode(encoding)), encoding) == "é\nö\n".encode()


def test_small_pieces_give_the_same_lines_and_numbers(write, monkeypatch):
    text = "".join(f"{'é' * (n % 7)}{n}\r\n" for n in range(500)).encode()
    path = write(b"\xef\xbb\xbf" + text)
    whole = read(path)
    assert whole == text.replace(b"\r", b"")
    monkeypatch.setattr(lines, "_FIRST", 13)
    monkeypatch.setattr(lines, "_NEXT", 29)
    blocks = list(line_blocks(path, "utf-8"))
    assert len(blocks) > 50
    assert b"".join(block for block, _ in blocks) == whole
    number = 1
    for block, first in blocks:
        assert first == number
        number += block.count(b"\n")


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"a\nb\0c\n", "line 2 holds a zero byte"),
        (b"a\nb\rc\n", "line 2 holds a carriage return"),
        (b"a\rb\rc\r", "line 1 holds a carriage return"),
        (b"\xef\xbb\xbfa\n\xef\xbb\xbfb\n", "line 2 holds a byte order mark"),
        (b"a\nb\nc\xff\n", "line 3 cannot be read as utf-8"),
        (b"a\nb\xc3", "line 2 cannot be read as utf-8"),
        (gzip.compress(b"a\n", mtime=0), "gunzip"),
        (b"PK\x03\x04....", "unzip"),
    ],
)
def test_what_is_no_text_is_told_with_its_line(write, data, told):
    message = refusal(write(data))
    assert told in message
    assert "a.inter" in message


def test_lines_are_counted_over_pieces(write, monkeypatch):
    monkeypatch.setattr(lines, "_FIRST", 5)
    monkeypatch.setattr(lines, "_NEXT", 7)
    for bad in (b"\0", b"\xff", b"x\ry"):
        assert "line 101 " in refusal(write(b"1234\n" * 100 + bad + b"\n1\n"))


def test_a_line_without_end(write, monkeypatch):
    monkeypatch.setattr(lines, "_LONGEST", 1000)
    monkeypatch.setattr(lines, "_NEXT", 100)
    monkeypatch.setattr(lines, "_FIRST", 100)
    assert "line 2 has no end" in refusal(write(b"a\n" + b"x" * 2000))


@pytest.mark.parametrize("encoding", ["no-such", "hex", "a\0b", ""])
def test_encodings_that_are_none(write, encoding):
    with pytest.raises(DataError, match="--encoding"):
        read(write(b"a\n"), encoding)


def test_what_is_no_file(tmp_path):
    assert "is a folder" in refusal(tmp_path)
    assert "cannot be read" in refusal(tmp_path / "none")
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    assert "cannot be read" in refusal(tmp_path / "loop")


@pytest.mark.posix
@pytest.mark.skipif(hasattr(os, "geteuid") and os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read(write):
    path = write(b"a\n")
    path.chmod(0)
    assert "Permission denied" in refusal(path)


def test_a_disk_that_fails_half_way(write, monkeypatch):
    def fail(_):
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(lines, "_read", fail)
    assert "Input/output error" in refusal(write(b"a\n"))


@pytest.mark.parametrize(
    ("data", "command"),
    [
        (gzip.compress(b"a", mtime=0), "gunzip"),
        (b"PK\x03\x04\0\0", "unzip"),
        (b"\x28\xb5\x2f\xfd\0\0", "unzstd"),
        (b"user_id:token\n", None),
        (b"", None),
    ],
)
def test_what_unpacks_a_file(data, command):
    assert unpacking_command(data[:8]) == command

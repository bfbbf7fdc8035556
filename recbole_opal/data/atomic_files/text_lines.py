"""A text file as blocks of whole lines in UTF-8, however it is encoded and its lines end."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from recbole_opal.data.atomic_files.suggested_commands import unpack_command
from recbole_opal.errors import DataError

__all__ = ["line_blocks", "unpacking_command"]

_FIRST = 1 << 16  # bytes: enough for the header, which is read before anything else
_NEXT = 1 << 23  # bytes read at a time: little memory, and few calls
_LONGEST = 1 << 26  # bytes of a line: a larger one is no table
_COMPRESSED = {
    b"\x1f\x8b": "gunzip",
    b"PK\x03\x04": "unzip",
    b"BZh": "bunzip2",
    b"\xfd7zXZ": "unxz",
    b"\x28\xb5\x2f\xfd": "unzstd",
}
_IN_NO_LINE = (
    (b"\0", "zero byte", "save the file as text, or name its --encoding"),
    (b"\r", "carriage return", "end the lines with \\n or \\r\\n"),
    (b"\xef\xbb\xbf", "byte order mark in the middle", "take it out"),  # of files joined
)


def line_blocks(path: Path, encoding: str) -> Iterator[tuple[bytes, int]]:
    """Yield blocks of whole lines in UTF-8, and the number of each block's first line, from 1.

    A byte order mark is dropped, line ends of Windows become plain, the last line gets its end.

    Raises:
        DataError: the file cannot be opened or read, is compressed, holds bytes that are not of
            the encoding, a zero byte, a carriage return inside a line, or no end of a line.
    """
    rest, number = b"", 1
    for piece in _decoded(path, encoding):
        lines, newline, rest = (rest + piece).rpartition(b"\n")
        if len(rest) > _LONGEST:
            raise DataError(
                f"{path}, line {number + lines.count(10) + len(newline)} has no end; save the file "
                "as a text with one row a line."
            )
        if newline:
            block = _plain(lines + newline, path, number)
            yield block, number
            number += block.count(b"\n")
    if rest:
        yield _plain(rest + b"\n", path, number), number


def _decoded(path: Path, encoding: str) -> Iterator[bytes]:
    """Yield the content in UTF-8, piece by piece."""
    done = 0
    try:
        "a".encode(encoding)  # unlike the next line it refuses codecs that are no text encodings
        decoder = codecs.getincrementaldecoder(encoding)()
    except (LookupError, ValueError) as error:
        raise DataError(f"--encoding={encoding} is not known ({error}); write utf-8.") from error
    for position, data in enumerate(_pieces(path)):
        try:
            text = decoder.decode(data, final=not data)
            piece = (text if position else text.removeprefix("\ufeff")).encode()
        except UnicodeError as error:
            before = getattr(error, "object", b"")[: getattr(error, "start", 0)]
            line = 1 + done + (before.count(b"\n") if isinstance(before, bytes) else 0)
            with path.open("rb") as file:
                marked = file.read(2) in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
            likely = "utf-16" if marked else "cp1252"
            raise DataError(
                f"{path}, line {line} cannot be read as {encoding}; save the file as UTF-8 or name "
                f"its own, for example --encoding={likely}."
            ) from error
        done += piece.count(b"\n")
        yield piece


def _pieces(path: Path) -> Iterator[bytes]:
    """Yield the bytes of the file, and an empty piece at its end."""
    try:
        if path.is_dir():
            raise DataError(f"{path} is a folder; put the file of that name in its place.")
        with path.open("rb") as file:
            data = file.read(_FIRST)
            if tool := unpacking_command(data):
                unpack = unpack_command(tool, path)
                raise DataError(f"{path} is compressed; unpack it with `{unpack}`.")
            while data:
                yield data
                data = _read(file)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise DataError(
            f"{path} cannot be read ({reason}); check that it is there and may be read."
        ) from error
    yield b""


def _read(file: BinaryIO) -> bytes:
    return file.read(_NEXT)


def unpacking_command(start: bytes) -> str | None:
    """Return the command that unpacks a file of these first bytes; None: it is not compressed."""
    return next((command for mark, command in _COMPRESSED.items() if start.startswith(mark)), None)


def _plain(block: bytes, path: Path, number: int) -> bytes:
    """Return the lines with plain ends; refuse what no line of a table holds."""
    if b"\r" in block:
        block = block.replace(b"\r\n", b"\n")
    for character, name, fix in _IN_NO_LINE:
        place = block.find(character)
        if place >= 0:
            line = number + block.count(b"\n", 0, place)
            raise DataError(f"{path}, line {line} holds a {name}; {fix}.")
    return block

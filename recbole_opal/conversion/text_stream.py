"""The text of a file, plain or gzipped, checked and counted while it is read."""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from recbole_opal.conversion.source import Tally
from recbole_opal.data.atomic_files.text_lines import unpacking_command
from recbole_opal.errors import DataError

__all__ = ["CheckedText", "opened_text"]

_GZIP = b"\x1f\x8b"
_SHEETS = (".xlsx", ".xlsm", ".ods")


class CheckedText(io.TextIOWrapper):
    """Text that refuses NUL, at which a parser would end a field without a word.

    Attributes:
        separator: a character to count.
        separators: how many of them `read` has given out.
        quotes: how many `"`.
    """

    separator = ","
    separators = 0
    quotes = 0

    def read(self, size: int | None = -1, /) -> str:
        """Return the next characters.

        Raises:
            UnicodeError: they hold NUL.
        """
        text = super().read(size)
        if "\0" in text:
            raise UnicodeError("it holds NUL characters")
        self.separators += text.count(self.separator)
        self.quotes += text.count('"')
        return text


@contextmanager
def opened_text(path: Path, encoding: str, tally: Tally) -> Iterator[CheckedText]:
    """Open a file for a block, and word whatever reading it raises.

    Args:
        path: of the file; it is unpacked if it begins as gzip does, or ends with `.gz`.
        encoding: of its text.
        tally: counts the bytes of the file as it lies on the disk.

    Raises:
        DataError: the file cannot be read, is packed otherwise, is no text of the encoding, or no
            whole gzip file.
    """
    before = tally.bytes_done
    try:
        with path.open("rb") as raw:
            start = raw.peek(8)[:8]
            zipped = start.startswith(_GZIP) or path.suffix.lower() == ".gz"
            if not zipped:
                _refuse_packed(path, start)
            counted = _Counted(raw, tally)
            binary = gzip.GzipFile(fileobj=counted) if zipped else io.BufferedReader(counted)
            yield CheckedText(binary, encoding=encoding, newline="")
            tally.bytes_done = before + path.stat().st_size
    except (UnicodeError, LookupError) as error:
        reason = str(error).splitlines()[0]
        raise DataError(
            f"{path} cannot be read as {encoding.removesuffix('-sig')} text ({reason}); "
            "save it as UTF-8 or name its --encoding."
        ) from error
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise DataError(f"{path} is no whole gzip file ({error}); get it again.") from error
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise DataError(f"cannot read {path} ({reason}); check the path and its rights.") from error


def _refuse_packed(path: Path, start: bytes) -> None:
    command = unpacking_command(start)
    if path.suffix.lower() in _SHEETS and command:
        raise DataError(f"{path} is a spreadsheet; save its sheet as csv and convert that.")
    if command:
        raise DataError(f"{path} is compressed; unpack it with {command}, or pack it with gzip.")


class _Counted(io.RawIOBase):
    """A file that tells the tally how many of its bytes have been read."""

    def __init__(self, raw: Any, tally: Tally) -> None:
        self._raw = raw
        self._tally = tally

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:
        count: int = self._raw.readinto(buffer)
        self._tally.bytes_done += count
        return count

"""Text files as they are or packed, and the words for whatever reading them raises."""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from recbole_opal.data.atomic_files.text_lines import unpacking_command
from recbole_opal.errors import DataError
from recbole_opal.process.program import installation

__all__ = ["opened_bytes", "opened_text", "packing"]

_PACKINGS = {"gzip": (b"\x1f\x8b", ".gz"), "zstd": (b"\x28\xb5\x2f\xfd", ".zst")}
_SHEETS = (".xlsx", ".xlsm", ".ods")


def packing(path: Path) -> str:
    """Return how a file is packed, by its first bytes or its name: gzip, zstd or none."""
    with path.open("rb") as raw:
        start = raw.read(4)
    for name, (mark, suffix) in _PACKINGS.items():
        if start.startswith(mark) or path.suffix.lower() == suffix:
            return name
    return "none"


@contextmanager
def opened_text(path: Path, encoding: str) -> Iterator[IO[str]]:
    """Open a file for a block, unpacked, as text with its line ends; see `opened_bytes`."""
    with opened_bytes(path, encoding) as binary:
        yield io.TextIOWrapper(binary, encoding=encoding, newline="")


@contextmanager
def opened_bytes(path: Path, encoding: str) -> Iterator[IO[bytes]]:
    """Open a file for a block, unpacked, and word whatever reading it raises.

    Raises:
        DataError: the file cannot be read, is packed otherwise than by gzip or zstd, is not whole,
            or is no text of the encoding.
    """
    with _worded(path, encoding), _unpacked(path) as binary:
        yield binary


@contextmanager
def _unpacked(path: Path) -> Iterator[IO[bytes]]:
    packed = packing(path)
    with path.open("rb") as raw:
        if packed != "none":
            opened: Any = gzip.GzipFile(fileobj=raw) if packed == "gzip" else _zstd(path, raw)
            with opened as unpacked:
                yield unpacked
            return
        command = unpacking_command(raw.peek(8)[:8])
        if path.suffix.lower() in _SHEETS and command:
            raise DataError(f"{path} is a spreadsheet; save its sheet as csv and convert that.")
        if command:
            raise DataError(
                f"{path} is compressed; unpack it with {command}, or pack it with gzip or zstd."
            )
        yield raw


def _zstd(path: Path, raw: IO[bytes]) -> Any:
    try:
        import pyarrow
    except ImportError as error:
        raise DataError(
            f"{path} is compressed by zstd, and to read it needs pyarrow; install it with "
            f"{installation('parquet')}, or unpack the file with unzstd."
        ) from error
    return pyarrow.CompressedInputStream(pyarrow.PythonFile(raw, mode="r"), "zstd")


@contextmanager
def _worded(path: Path, encoding: str) -> Iterator[None]:
    try:
        yield
    except (UnicodeError, LookupError) as error:
        reason = str(error).splitlines()[0]
        raise DataError(
            f"{path} cannot be read as {encoding.removesuffix('-sig')} text ({reason}); "
            "save it as UTF-8 or name its --encoding."
        ) from error
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise DataError(f"{path} is no whole gzip file ({error}); get it again.") from error
    except OSError as error:
        if error.strerror is None and packing(path) == "zstd":  # pyarrow says no more
            raise DataError(f"{path} is no whole zstd file ({error}); get it again.") from error
        reason = error.strerror or type(error).__name__
        raise DataError(f"cannot read {path} ({reason}); check the path and its rights.") from error

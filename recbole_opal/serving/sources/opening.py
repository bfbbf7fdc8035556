"""The bytes of a file of histories, plain or gzipped."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast

from recbole_opal.data.atomic_files.text_lines import unpacking_command
from recbole_opal.errors import DataError

__all__ = ["opened"]


@contextmanager
def opened(path: Path) -> Iterator[BinaryIO]:
    """Open a file of text for a block, unpacked if it is gzipped, and word what reading it raises.

    Raises:
        DataError: it cannot be read, is packed otherwise, or is no whole gzip file.
    """
    try:
        with path.open("rb") as raw:
            start = raw.peek(8)[:8]
            packed = start.startswith(b"\x1f\x8b")
            if not packed and (tool := unpacking_command(start)):
                raise DataError(f"{path} is compressed; unpack it with {tool}, or pack it by gzip.")
            yield cast(BinaryIO, gzip.GzipFile(fileobj=raw)) if packed else raw
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise DataError(f"{path} is no whole gzip file ({error}); get it again.") from error
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise DataError(f"cannot read {path} ({reason}); check the path and its rights.") from error

"""One file of any size that appears whole, in the place of an older one, or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from recbole_opal.errors import DataError
from recbole_opal.runs.atomic import discard, hidden_name, replace, sync_folder

__all__ = ["refusal", "synced_file", "whole_file"]


@contextmanager
def whole_file(path: Path) -> Iterator[BinaryIO]:
    """Give a file to write piece by piece; it gets its name at the end of the block.

    After an error or Ctrl-C in the block what `path` held before is there, and nothing else; a kill
    can leave a hidden `.NAME.TOKEN.tmp` beside it.

    Raises:
        DataError: the disk is full, the folder is missing or may not be written, or the path is a
            folder. An OSError of the block counts as one of this file.

    Examples:
        >>> import tempfile
        >>> path = Path(tempfile.mkdtemp()) / "lists.csv"
        >>> with whole_file(path) as file:
        ...     _ = file.write(b"user,item")
        >>> path.read_bytes()
        b'user,item'
    """
    temporary = hidden_name(path)
    try:
        with synced_file(temporary) as file:
            yield file
        replace(temporary, path)
        sync_folder(path.parent)
    except OSError as error:
        discard(temporary)
        raise refusal(path, error) from error
    except BaseException:
        discard(temporary)
        raise


@contextmanager
def synced_file(path: Path) -> Iterator[BinaryIO]:
    """Give a new file to write piece by piece; it is on the disk at the end of the block."""
    with path.open("xb") as file:
        yield file
        file.flush()
        os.fsync(file.fileno())


def refusal(path: Path, error: OSError) -> DataError:
    """Word an `OSError` of a write as one line: path, reason, fix."""
    reason = error.strerror or type(error).__name__
    return DataError(
        f"cannot write {path} ({reason}); free or repair that place, or name another one."
    )

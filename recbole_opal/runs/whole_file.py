"""One file of any size that appears whole, in the place of an older one, or not at all."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from recbole_opal.errors import DataError
from recbole_opal.runs.atomic import discard, sync_folder

__all__ = ["whole_file"]


@contextmanager
def whole_file(path: Path) -> Iterator[BinaryIO]:
    """Give a file to write piece by piece; it gets its name at the end of the block.

    After an error or Ctrl-C in the block what `path` held before is there, and nothing else; a kill
    can leave a hidden `.NAME.TOKEN.tmp` beside it.

    Raises:
        DataError: the disk is full, the folder is missing or may not be written, or the path is a
            folder. An OSError of the block counts as one of this file.

    Example:
        >>> import tempfile
        >>> path = Path(tempfile.mkdtemp()) / "lists.csv"
        >>> with whole_file(path) as file:
        ...     _ = file.write(b"user,item")
        >>> path.read_bytes()
        b'user,item'
    """
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}.tmp")
    try:
        with temporary.open("xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
        sync_folder(path.parent)
    except OSError as error:
        discard(temporary)
        reason = error.strerror or type(error).__name__
        raise DataError(
            f"cannot write {path} ({reason}); free or repair that place, or name another one."
        ) from error
    except BaseException:
        discard(temporary)
        raise

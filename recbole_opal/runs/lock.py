"""One process at a time works in a folder."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from logging import getLogger
from pathlib import Path
from time import monotonic, sleep

from filelock import lock_descriptor

from recbole_opal.errors import CheckpointError

__all__ = ["PATIENCE", "exclusive", "in_use"]

PATIENCE = 0.5
"""Seconds to wait for a folder: who only looks or tidies up lets go of it in milliseconds."""
_PAUSE = 0.005  # seconds between two tries
_FOLDERS_OPEN = os.name != "nt"


@contextmanager
def exclusive(folder: Path, patience: float = PATIENCE) -> Iterator[None]:
    """Hold an existing folder while the block runs; it is free once the process has ended.

    The lock is on the folder itself: no file lies in it, and a folder that is renamed stays held.

    Raises:
        CheckpointError: another process, or another block of this one, holds it, or it is gone.
    """
    try:
        descriptor = _opened(folder)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise CheckpointError(f"cannot open {folder}: {reason}; check the path.") from error
    try:
        _take(descriptor, folder, monotonic() + patience)
        yield
    finally:
        os.close(descriptor)


def in_use(folder: Path) -> bool:
    """Tell whether a process, or a block of this one, holds an existing folder."""
    try:
        with exclusive(folder):
            return False
    except CheckpointError:
        return True


def _opened(folder: Path) -> int:
    if _FOLDERS_OPEN:
        return os.open(folder, os.O_RDONLY)
    # Windows opens no folder, and renames none in which a file is open. So an empty file beside it
    # stands for it, one and the same while the folder is built under its hidden name and later.
    folder.stat()
    name = folder.name.removeprefix(".").removesuffix(".new")
    return os.open(folder.with_name(f".{name}.lock"), os.O_RDWR | os.O_CREAT, 0o666)


def _take(descriptor: int, folder: Path, deadline: float) -> None:
    try:
        while not lock_descriptor(descriptor, blocking=False):
            if monotonic() >= deadline:
                raise CheckpointError(
                    f"{folder} belongs to a run that goes on; wait for its end or stop it first."
                )
            sleep(_PAUSE)
    except OSError as error:  # some network file systems cannot lock
        getLogger("recbole_opal").warning("%s cannot be locked: %s", folder, error)

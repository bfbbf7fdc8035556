"""One process at a time works in a run folder."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from logging import getLogger
from pathlib import Path
from time import monotonic, sleep

from recbole_opal.errors import CheckpointError

__all__ = ["PATIENCE", "exclusive", "in_use"]

PATIENCE = 0.5
"""Seconds to wait for a folder: who only looks or tidies up lets go of it in milliseconds."""
_PAUSE = 0.005  # seconds between two tries


@contextmanager
def exclusive(folder: Path, patience: float = PATIENCE) -> Iterator[None]:
    """Hold the folder while the block runs; the system lets go of it when the process ends.

    The lock is on the folder itself: no file lies in it, and a folder that is renamed stays held.

    Args:
        folder: an existing folder.
        patience: seconds to wait for another holder before giving up.

    Raises:
        CheckpointError: another process, or another block of this one, holds it, or it is gone.
    """
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise CheckpointError(f"cannot open {folder}: {reason}; check the path.") from error
    try:
        _take(descriptor, folder, monotonic() + patience)
        yield
    finally:
        os.close(descriptor)


def in_use(folder: Path) -> bool:
    """Tell whether a process, or a block of this one, holds the folder.

    Args:
        folder: an existing folder.
    """
    try:
        with exclusive(folder):
            return False
    except CheckpointError:
        return True


def _take(descriptor: int, folder: Path, deadline: float) -> None:
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            if monotonic() >= deadline:
                raise CheckpointError(
                    f"{folder} belongs to a run that goes on; wait for its end or stop it first."
                ) from error
            sleep(_PAUSE)
        except OSError as error:  # some network file systems cannot lock
            getLogger("recbole_opal").warning("%s cannot be locked: %s", folder, error)
            return
        else:
            return

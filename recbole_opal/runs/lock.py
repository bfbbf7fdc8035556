"""One process at a time works in a run folder."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from logging import getLogger
from pathlib import Path

from recbole_opal.errors import CheckpointError

__all__ = ["exclusive"]


@contextmanager
def exclusive(folder: Path) -> Iterator[None]:
    """Hold the folder while the block runs; the system lets go of it when the process ends.

    Opening a run tidies up what a kill left behind, which would break a run that goes on.

    Args:
        folder: an existing folder.

    Raises:
        CheckpointError: another process, or another block of this one, holds it.
    """
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise CheckpointError(
                f"{folder} belongs to a run that goes on; wait for its end or stop it first."
            ) from error
        except OSError as error:  # some network file systems cannot lock
            getLogger("recbole_opal").warning("%s cannot be locked: %s", folder, error)
        yield
    finally:
        os.close(descriptor)

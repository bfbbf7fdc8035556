"""Where log lines go during a run: the run's log file and, one line an epoch, standard error."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from recbole_opal.reporting.progress import TrainingProgress
from recbole_opal.runs.atomic import write_error

__all__ = ["run_log"]


class _ProgressHandler(logging.Handler):
    """Writes lines above the progress bar, so that they do not tear it."""

    def __init__(self, progress: TrainingProgress) -> None:
        super().__init__()
        self._progress = progress

    def emit(self, record: logging.LogRecord) -> None:
        self._progress.message(self.format(record))


class _FileHandler(logging.FileHandler):
    """Writes lines to the log file; a disk that is full ends the run with a word."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802, logging's name
        """Raise what went wrong, in place of a traceback on the terminal for every line."""
        error = sys.exc_info()[1]
        if isinstance(error, OSError):
            raise write_error(Path(self.baseFilename), len(self.format(record)), error) from error
        super().handleError(record)

    def close(self) -> None:
        """Close the file; what a full disk did not take is given up."""
        try:
            super().close()
        except OSError:
            self.stream = None  # told already, by `handleError`


@contextmanager
def run_log(folder: Path, progress: TrainingProgress, level: str) -> Iterator[None]:
    """Log to `FOLDER/FOLDER-NAME.log` and to the terminal while the block runs.

    Args:
        folder: the run folder.
        progress: owner of the terminal.
        level: RecBole's `state`, for example "INFO".

    Raises:
        CheckpointError: the log file cannot be written.
    """
    root, own = logging.getLogger(), logging.getLogger("recbole_opal")
    path = folder / f"{folder.name}.log"
    try:
        to_file = _FileHandler(path, encoding="utf-8")
    except OSError as error:
        raise write_error(path, 0, error) from error
    to_file.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    to_terminal = _ProgressHandler(progress)
    handlers: list[logging.Handler] = [to_file, to_terminal]
    former = own.level
    own.setLevel(level.upper())
    for handler in handlers:
        root.addHandler(handler)
    try:
        yield
    finally:
        own.setLevel(former)
        for handler in handlers:
            root.removeHandler(handler)
            handler.close()

"""Where log lines go during a run: the run's log file and, one line an epoch, standard error."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from recbole_opal.reporting.progress import TrainingProgress

__all__ = ["run_log"]


class _ProgressHandler(logging.Handler):
    """Writes lines above the progress bar, so that they do not tear it."""

    def __init__(self, progress: TrainingProgress) -> None:
        super().__init__()
        self._progress = progress

    def emit(self, record: logging.LogRecord) -> None:
        self._progress.message(self.format(record))


@contextmanager
def run_log(folder: Path, progress: TrainingProgress, level: str) -> Iterator[None]:
    """Log to `FOLDER/FOLDER-NAME.log` and to the terminal while the block runs.

    The file is named after the folder because RecBole names its TensorBoard folder after the
    first log file it finds.

    Args:
        folder: the run folder.
        progress: owner of the terminal.
        level: RecBole's `state`, for example "INFO".
    """
    root, own = logging.getLogger(), logging.getLogger("recbole_opal")
    to_file = logging.FileHandler(folder / f"{folder.name}.log", encoding="utf-8")
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

"""Where log lines go during a run: the run's log file and, one line an epoch, standard error."""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from contextvars import ContextVar
from pathlib import Path
from typing import Any

from recbole_opal.console.progress_bar import TrainingProgress
from recbole_opal.runs.atomic import write_error, writing

__all__ = ["lines_held", "run_log"]

_OWN = "recbole_opal"
_STANDARD = (1, 2)  # file descriptors of standard output and standard error
_MOST_WRAPPED = 4  # handlers around handlers
# The innermost run of this thread: what others log, the host application or a run in another
# thread, is no line of it.
_current: ContextVar[_Receiver | None] = ContextVar("current", default=None)
_lock = threading.Lock()
_open: list[_Receiver] = []  # of all threads
_found: list[tuple[int, bool, bool]] = []  # our logger as the first of them found it


class _Receiver(logging.Handler):
    """Hands on the lines of one run: what is logged in its thread while it lasts.

    `least` is the level of our own lines; RecBole's and others' obey the root logger.
    """

    def __init__(self, least: str, take: Callable[[logging.LogRecord], object]) -> None:
        super().__init__()
        self.least: int = logging.getLevelName(least.upper())
        self._take = take

    def emit(self, record: logging.LogRecord) -> None:
        run = _current.get()
        if run is self:
            own = f"{record.name}.".startswith(f"{_OWN}.")
            if not own or record.levelno >= self.least:
                self._take(record)
        elif run is None and _open[:1] == [self] and logging.lastResort is not None:
            # Python shows warnings of others as long as there is no handler at all; that we are
            # there must not make them vanish.
            alone = all(isinstance(each, _Receiver) for each in _handlers_of(record.name))
            if alone and record.levelno >= logging.lastResort.level:
                logging.lastResort.handle(record)


class _FileHandler(logging.FileHandler):
    """Writes lines to the log file; a disk that is full ends the run with a word."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802, logging's name
        """Raise what went wrong, in place of a traceback on the terminal for every line."""
        error = sys.exc_info()[1]
        if isinstance(error, OSError):
            raise write_error(Path(self.baseFilename), len(self.format(record)), error) from error
        super().handleError(record)

    def close(self) -> None:
        """Close the file; what a full disk did not take is given up, `handleError` has told it."""
        try:
            super().close()
        except OSError:
            self.stream = None


@contextmanager
def run_log(
    folder: Path, progress: TrainingProgress, level: str
) -> Iterator[Callable[[Iterable[logging.LogRecord]], None]]:
    """Log to `FOLDER/FOLDER-NAME.log` and to the terminal while the block runs.

    A line appears once on the terminal, above the bar of `progress`, whatever logging the host
    application has set up, and that set-up is as before when the block ends; one that was logged
    with `extra={"drawing": ...}` appears as that drawing. Runs in several
    threads keep to their own files. The level is RecBole's `state`, for example "INFO". Yields a
    function that logs what `lines_held` kept.

    Raises:
        CheckpointError: the log file cannot be written.
    """
    path = folder / f"{folder.name}.log"
    with writing(path):
        to_file = _FileHandler(path, encoding="utf-8")
    to_file.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    plain = logging.Formatter()

    def take(record: logging.LogRecord) -> None:
        to_file.handle(record)
        # `logging.basicConfig`, absl or a notebook may have set a handler up that shows it.
        if any(_shows(handler, record) for handler in _handlers_of(record.name)):
            return
        drawing = getattr(record, "drawing", None)
        if drawing is None:
            progress.message(plain.format(record))
        else:
            progress.show(drawing)

    def repeat(records: Iterable[logging.LogRecord]) -> None:
        for record in records:
            take(record)

    with closing(to_file), _received_by(take, level):
        yield repeat


@contextmanager
def lines_held(level: str) -> Iterator[list[logging.LogRecord]]:
    """Keep what is logged while the block runs, for the log of a run that may begin behind it."""
    held: list[logging.LogRecord] = []
    with _received_by(held.append, level):
        yield held


@contextmanager
def _received_by(take: Callable[[logging.LogRecord], object], level: str) -> Iterator[None]:
    """Hand over the lines of this thread's run.

    As long as there is a run, our logger speaks, however the application has set it up.
    """
    own, root = logging.getLogger(_OWN), logging.getLogger()
    receiver = _Receiver(level, take)
    outer = _current.set(receiver)
    with _lock:
        if not _open:
            _found[:] = [(own.level, own.propagate, own.disabled)]
            own.propagate, own.disabled = True, False
        _open.append(receiver)
        root.addHandler(receiver)
        own.setLevel(min(each.least for each in _open))
    try:
        yield
    finally:
        _current.reset(outer)
        with _lock:
            root.removeHandler(receiver)
            _open.remove(receiver)
            level_before, propagate, disabled = _found[0]
            own.setLevel(min((each.least for each in _open), default=level_before))
            if not _open:
                own.propagate, own.disabled = propagate, disabled


def _handlers_of(name: str) -> Iterator[logging.Handler]:
    """Yield the handlers that a record of the logger of this name is handed to."""
    logger: logging.Logger | None = logging.getLogger(name)
    while logger is not None:
        yield from logger.handlers
        logger = logger.parent if logger.propagate else None


def _shows(handler: Any, record: logging.LogRecord) -> bool:
    """Tell whether a handler shows a record on the terminal."""
    if record.levelno < handler.level or not handler.filter(record):
        return False
    for _ in range(_MOST_WRAPPED):  # absl's wraps another one, rich's has a console, and so on
        inner = getattr(handler, "python_handler", None) or getattr(handler, "target", None)
        if inner is None:
            break
        handler = inner
    console = getattr(handler, "console", None)
    stream: Any = getattr(handler, "stream", None) or getattr(console, "file", None)
    if stream is None:
        return False
    # While a bar is drawn, rich stands before the standard streams.
    standard = (sys.stdout, sys.stderr, sys.__stdout__, sys.__stderr__)
    if any(stream is getattr(each, "rich_proxied_file", each) for each in standard):
        return True
    for is_terminal in (lambda: stream.isatty(), lambda: stream.fileno() in _STANDARD):
        with suppress(AttributeError, OSError, TypeError, ValueError):  # what is unlike a file
            if is_terminal():
                return True
    return False

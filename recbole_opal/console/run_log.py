"""Where log lines go during a run: the run's log file and, one line an epoch, standard error."""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from pathlib import Path
from typing import Any

from recbole_opal.console.progress_bar import TrainingProgress
from recbole_opal.runs.atomic import write_error

__all__ = ["lines_held", "run_log"]

_OWN = "recbole_opal"
_STANDARD = (1, 2)  # file descriptors of standard output and standard error
_MOST_WRAPPED = 4  # handlers around handlers
# The innermost run of this thread: what others log, the host application or a run in another
# thread, is no line of it.
_current: ContextVar[_Lines | None] = ContextVar("current", default=None)
_lock = threading.Lock()
_open: list[_Lines] = []  # of all threads
_found: list[tuple[int, bool, bool]] = []  # our logger as the first of them found it


class _Lines(logging.Filter):
    """Lets the lines of one run pass: what is logged in its thread while it lasts.

    `level` is the least of our own lines; RecBole's and others' obey the root logger.
    """

    def __init__(self, level: int) -> None:
        super().__init__()
        self.level = level

    def filter(self, record: logging.LogRecord) -> bool:
        own = record.name == _OWN or record.name.startswith(f"{_OWN}.")
        return _current.get() is self and (not own or record.levelno >= self.level)


class _ProgressHandler(logging.Handler):
    """Writes lines above the progress bar, so that they do not tear it.

    A line that the host application's own handlers show (`logging.basicConfig`, absl, a notebook)
    is left to them.
    """

    def __init__(self, progress: TrainingProgress) -> None:
        super().__init__()
        self._progress = progress

    def emit(self, record: logging.LogRecord) -> None:
        shown_by_others = any(
            record.levelno >= handler.level
            and handler.filter(record)
            and _writes_to_terminal(handler)
            for handler in _handlers_of(record.name)
        )
        if not shown_by_others:
            self._progress.message(self.format(record))


class _Held(logging.Handler):
    """Keeps records until there is a run folder to write them to."""

    def __init__(self) -> None:
        super().__init__()
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)


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


class _LastResort(logging.Handler):
    """Shows what others log while we are there, where they have set no handler up.

    Python does so as long as there is no handler at all; ours must not make their warnings vanish.
    """

    def emit(self, record: logging.LogRecord) -> None:
        fallback = logging.lastResort
        if _current.get() is None and fallback and record.levelno >= fallback.level:
            ours = (_ProgressHandler, _FileHandler, _Held, _LastResort)
            if all(isinstance(handler, ours) for handler in _handlers_of(record.name)):
                fallback.handle(record)


_last_resort = _LastResort()


@contextmanager
def run_log(
    folder: Path, progress: TrainingProgress, level: str
) -> Iterator[Callable[[Iterable[logging.LogRecord]], None]]:
    """Log to `FOLDER/FOLDER-NAME.log` and to the terminal while the block runs.

    A line appears once on the terminal, whatever logging the host application has set up, and that
    set-up is as before when the block ends. Runs in several threads keep to their own files.

    Args:
        folder: the run folder.
        progress: owner of the terminal.
        level: RecBole's `state`, for example "INFO".

    Yields:
        A function that logs what `lines_held` kept.

    Raises:
        CheckpointError: the log file cannot be written.
    """
    path = folder / f"{folder.name}.log"
    try:
        to_file = _FileHandler(path, encoding="utf-8")
    except OSError as error:
        raise write_error(path, 0, error) from error
    to_file.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    handlers: list[logging.Handler] = [to_file, _ProgressHandler(progress)]

    def repeat(records: Iterable[logging.LogRecord]) -> None:
        for record in records:
            for handler in handlers:
                handler.handle(record)

    with _received_by(handlers, level):
        yield repeat


@contextmanager
def lines_held(level: str) -> Iterator[list[logging.LogRecord]]:
    """Keep what is logged while the block runs, for the log of a run that may begin behind it."""
    held = _Held()
    with _received_by([held], level):
        yield held.records


@contextmanager
def _received_by(handlers: Sequence[logging.Handler], level: str) -> Iterator[None]:
    """Hand the lines of this thread's run to the handlers; close them at the end."""
    root = logging.getLogger()
    lines = _Lines(logging.getLevelName(level.upper()))
    outer = _current.set(lines)
    _listen(lines)
    for handler in handlers:
        handler.addFilter(lines)
        root.addHandler(handler)
    try:
        yield
    finally:
        for handler in handlers:
            root.removeHandler(handler)
            handler.close()
        _current.reset(outer)
        _stop_listening(lines)


def _listen(lines: _Lines) -> None:
    """Let our logger speak, however the application set it up, as long as there is a run."""
    own = logging.getLogger(_OWN)
    with _lock:
        if not _open:
            _found[:] = [(own.level, own.propagate, own.disabled)]
            own.propagate, own.disabled = True, False
            logging.getLogger().addHandler(_last_resort)
        _open.append(lines)
        own.setLevel(min(each.level for each in _open))


def _stop_listening(lines: _Lines) -> None:
    own = logging.getLogger(_OWN)
    with _lock:
        _open.remove(lines)
        if _open:
            own.setLevel(min(each.level for each in _open))
            return
        level, own.propagate, own.disabled = _found.pop()
        own.setLevel(level)
        logging.getLogger().removeHandler(_last_resort)


def _handlers_of(name: str) -> Iterator[logging.Handler]:
    """Yield the handlers that a record of the logger of this name is handed to."""
    logger: logging.Logger | None = logging.getLogger(name)
    while logger is not None:
        yield from logger.handlers
        logger = logger.parent if logger.propagate else None


def _writes_to_terminal(handler: Any) -> bool:
    """Tell where a handler writes; absl's wraps another one, rich's has a console, and so on."""
    for _ in range(_MOST_WRAPPED):
        inner = getattr(handler, "python_handler", None) or getattr(handler, "target", None)
        if inner is None:
            break
        handler = inner
    console = getattr(handler, "console", None)
    stream = getattr(handler, "stream", None) or getattr(console, "file", None)
    # While a bar is drawn, rich stands before the standard streams.
    standard = (sys.stdout, sys.stderr, sys.__stdout__, sys.__stderr__)
    if any(stream is getattr(each, "rich_proxied_file", each) for each in standard):
        return stream is not None
    unlike_a_file = (AttributeError, OSError, TypeError, ValueError)
    for is_terminal in (lambda: stream.isatty(), lambda: stream.fileno() in _STANDARD):
        with suppress(*unlike_a_file):
            if is_terminal():
                return True
    return False

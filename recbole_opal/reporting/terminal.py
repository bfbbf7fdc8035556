"""Does a log handler of the host application already show a record on the terminal?"""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

__all__ = ["handlers_of", "is_shown_by_others"]

_STANDARD = (1, 2)  # file descriptors of standard output and standard error
_MOST_WRAPPED = 4  # handlers around handlers


def is_shown_by_others(record: logging.LogRecord) -> bool:
    """Return whether a handler with a stream, which our own has not, shows the record.

    Args:
        record: it has passed its logger's level.
    """
    return any(
        record.levelno >= handler.level and handler.filter(record) and _writes_to_terminal(handler)
        for handler in handlers_of(record.name)
    )


def handlers_of(name: str) -> Iterator[logging.Handler]:
    """Yield the handlers that a record is handed to.

    Args:
        name: the name of its logger.
    """
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
    return stream is not None and _is_terminal(stream)


def _is_terminal(stream: Any) -> bool:
    standard = (sys.stdout, sys.stderr, sys.__stdout__, sys.__stderr__)
    # While a bar is drawn, rich stands before the standard streams.
    if any(stream is getattr(each, "rich_proxied_file", each) for each in standard):
        return True
    unlike_a_file = (AttributeError, OSError, TypeError, ValueError)
    with suppress(*unlike_a_file):
        if stream.isatty():
            return True
    with suppress(*unlike_a_file):
        return stream.fileno() in _STANDARD
    return False

"""A bar of the bytes read, on standard error."""

from __future__ import annotations

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from recbole_opal.console.progress_bar import Display

__all__ = ["ReadingProgress"]


class ReadingProgress(Display):
    """Shows how much of the files has been read; without a terminal it shows nothing.

    Args:
        what: the command does.
        console: where to write; None is standard error.
    """

    def __init__(self, what: str = "converting", console: Console | None = None) -> None:
        """See the class."""
        screen = console or Console(stderr=True)
        self._progress = Progress(
            TextColumn(what),
            BarColumn(),
            DownloadColumn(),
            TextColumn("{task.fields[rows]:,} rows"),
            TimeElapsedColumn(),
            TextColumn("eta"),
            TimeRemainingColumn(),
            console=screen,
            transient=True,
            disable=not screen.is_terminal,
        )
        super().__init__(self._progress)
        self._task = self._progress.add_task("", total=None, rows=0)

    def advance(self, done: int, total: int, rows: int) -> None:
        """Show how many of all bytes have been read, 0 if that is not known, and how many rows."""
        self._progress.update(self._task, completed=done, total=total or None, rows=rows)

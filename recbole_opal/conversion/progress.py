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
from recbole_opal.conversion.source import Tally

__all__ = ["ReadingProgress"]


class ReadingProgress(Display):
    """Shows how much of the files has been read; without a terminal it shows nothing.

    Args:
        console: where to write; None is standard error.
    """

    def __init__(self, console: Console | None = None) -> None:
        """See the class."""
        screen = console or Console(stderr=True)
        self._progress = Progress(
            TextColumn("converting"),
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

    def advance(self, tally: Tally) -> None:
        """Show the state of a tally.

        Args:
            tally: of the source that is being read.
        """
        self._progress.update(
            self._task,
            completed=tally.bytes_done,
            total=tally.bytes_total or None,
            rows=tally.rows,
        )

"""A bar of the users who have been answered, on standard error."""

from __future__ import annotations

from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from recbole_opal.console.progress_bar import Display

__all__ = ["UsersProgress"]


class UsersProgress(Display):
    """Shows how many users are done; without a terminal it shows nothing.

    Args:
        total: of the users; None: not known, and no time left is told.
        console: where to write; None is standard error.
    """

    def __init__(self, total: int | None = None, console: Console | None = None) -> None:
        """See the class."""
        screen = console or Console(stderr=True)
        left = () if total is None else (TextColumn("eta"), TimeRemainingColumn())
        self._progress = Progress(
            TextColumn("recommending"),
            BarColumn(),
            TextColumn("{task.completed:,.0f} users"),
            TimeElapsedColumn(),
            *left,
            console=screen,
            transient=True,
            disable=not screen.is_terminal,
        )
        super().__init__(self._progress)
        self._task = self._progress.add_task("", total=total)

    def advance(self, users: int) -> None:
        """Count users who are done now."""
        self._progress.advance(self._task, users)

"""A progress bar on standard error, so that standard output keeps only the results."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TypeVar

from rich.console import Console
from rich.live import Live
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

__all__ = ["Display", "TrainingProgress"]

Item = TypeVar("Item")
Shown = TypeVar("Shown", bound="Display")


class Display:
    """Draws in a `with` block what it is given, and gives the terminal back at its end."""

    def __init__(self, drawn: Live | Progress | None) -> None:
        self._drawn = drawn

    def __enter__(self: Shown) -> Shown:
        if self._drawn is not None:
            self._drawn.start()
        return self

    def __exit__(self, *error: object) -> None:
        if self._drawn is not None:
            self._drawn.stop()


class TrainingProgress(Display):
    """Shows how far an epoch or an evaluation is, with the time left and the loss.

    No bar is shown where `enabled` is False, as `show_progress`, or where the console, standard
    error if there is none given, is no terminal: in a log file it is noise.

    Examples:
        >>> with TrainingProgress(enabled=False) as progress:
        ...     for batch in progress.track([1, 2, 3], 3, "epoch 0"):
        ...         progress.loss(0.5 / batch)
    """

    def __init__(self, enabled: bool = True, console: Console | None = None) -> None:
        self._console = console or Console(stderr=True)
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("eta"),
            TimeRemainingColumn(),
            TextColumn("{task.fields[loss]}"),
            console=self._console,
            transient=True,
            disable=not (enabled and self._console.is_terminal),
        )
        super().__init__(self._progress)

    def track(self, items: Iterable[Item], total: int | None, description: str) -> Iterator[Item]:
        """Hand on the items one by one and show how many of `total`, where known, are done."""
        task = self._progress.add_task(description, total=total, loss="")
        try:
            for item in items:
                yield item
                self._progress.advance(task)
        finally:
            # A finished bar is taken away: what it counted stands in the log's line.
            self._progress.remove_task(task)

    def loss(self, value: float) -> None:
        """Show the mean loss so far beside the innermost bar."""
        if self._progress.task_ids:
            self._progress.update(self._progress.task_ids[-1], loss=f"loss {value:.4f}")

    def message(self, text: str) -> None:
        """Write one line above the bar, or plainly to standard error where there is no bar."""
        self._console.print(text, markup=False, highlight=False, soft_wrap=True)

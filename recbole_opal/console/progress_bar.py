"""A progress bar on standard error, so that standard output keeps only the results."""

from __future__ import annotations

from typing import TypeVar

from rich.console import Console, RenderableType
from rich.live import Live
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn
from rich.table import Column

from recbole_opal.console.durations import clock
from recbole_opal.console.epoch_line import fitted

__all__ = ["Display", "TrainingProgress"]

Shown = TypeVar("Shown", bound="Display")

_WIDE = 100  # columns from which on the loss and the metric's name have room


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
    """One bar over a whole run: where it is, the time left, the loss, the best value so far.

    No bar is shown where `enabled` is False, as `show_progress`, or where the console, standard
    error if there is none given, is no terminal: in a log file it is noise.

    Attributes:
        drawn: whether anybody sees the bar.

    Examples:
        >>> with TrainingProgress(enabled=False) as progress:
        ...     progress.at("soft 0", 0.25, seconds_left=3.0)
    """

    def __init__(self, enabled: bool = True, console: Console | None = None) -> None:
        self._console = console or Console(stderr=True)
        self.drawn = enabled and self._console.is_terminal
        texts = ("left", "loss", "best") if self._is_wide else ("left", "best")
        self._progress = Progress(
            _text("{task.description}"),
            BarColumn(bar_width=None),
            TaskProgressColumn(table_column=Column(no_wrap=True)),
            *(_text(f"{{task.fields[{name}]}}") for name in texts),
            console=self._console,
            transient=True,
            expand=True,
            disable=not self.drawn,
        )
        super().__init__(self._progress)
        self._task = self._progress.add_task(
            "", total=1.0, visible=False, left="", loss="", best=""
        )

    @property
    def _is_wide(self) -> bool:
        return self._console.width >= _WIDE

    def at(self, place: str, done: float, seconds_left: float | None = None) -> None:
        """Show where the run is.

        Args:
            place: the stage and epoch, or what else goes on.
            done: the part of the run that is over, in [0, 1].
            seconds_left: at most; None: not known yet.
        """
        left = "" if seconds_left is None else f"at most {clock(seconds_left)} left"
        self._progress.update(
            self._task, description=place, completed=done, left=left, visible=True
        )

    def loss(self, value: float) -> None:
        """Show the mean loss of the epoch so far."""
        self._progress.update(self._task, loss=f"loss {value:.4f}")

    def best(self, metric: str, value: float) -> None:
        """Show the best value on validation so far."""
        name = f"best {metric}" if self._is_wide else "best"
        self._progress.update(self._task, best=f"{name} {value:.4f}")

    def message(self, text: str) -> None:
        """Write a line above the bar, or plainly to standard error where there is no bar.

        On a terminal one that does not fit is shortened or wrapped between words; elsewhere it
        stays one line.
        """
        on_terminal = self._console.is_terminal
        line = fitted(text, self._console.width) if on_terminal else text
        self._console.print(line, markup=False, highlight=False, soft_wrap=not on_terminal)

    def show(self, drawing: RenderableType) -> None:
        """Show a table above the bar, or plainly where there is no bar."""
        self._console.print(drawing)


def _text(template: str) -> TextColumn:
    return TextColumn(template, table_column=Column(no_wrap=True), markup=False)

"""How far a comparison is, on standard error."""

from __future__ import annotations

import threading
from collections.abc import Callable
from time import perf_counter

from rich.console import Console, Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from recbole_opal.console.durations import duration
from recbole_opal.console.epoch_line import fitted
from recbole_opal.console.progress_bar import Display

__all__ = ["STOPPED", "ComparisonProgress"]

STOPPED = "stopped"
"""The error of a run that was stopped on purpose."""
_BAR = 16  # columns


class ComparisonProgress(Display):
    """A line a running worker with its newest log line, and a bar over all runs, while it lasts.

    Where standard error is no terminal, or it is not enabled, there is only one line for each begin
    and end.

    Args:
        console: where to write; None: standard error.
        enabled: whether there is a bar.
        metric: that decides on validation, and whether `bigger` is better.
    """

    def __init__(
        self,
        console: Console | None = None,
        *,
        enabled: bool = True,
        metric: str = "",
        bigger: bool = True,
    ) -> None:
        self._console = console or Console(stderr=True)
        self._metric, self._bigger = metric, bigger
        self._best: tuple[float, str] | None = None
        self._active: dict[str, tuple[float, Callable[[], str]]] = {}
        self._total = self._done = self._failed = self._again = 0
        self._started = self._last_ended = perf_counter()
        self._lock = threading.Lock()
        live = Live(console=self._console, get_renderable=self._drawing, transient=True)
        super().__init__(live if enabled and self._console.is_terminal else None)

    def expect(self, runs: int) -> None:
        """Count further runs that will be done."""
        with self._lock:
            self._total += runs

    def began(self, name: str, newest: Callable[[], str], *, goes_on: bool = False) -> None:
        """Tell of a run that begins."""
        with self._lock:
            self._active[name] = (perf_counter(), newest)
        self.message(f"{name}: {'goes on where it stopped' if goes_on else 'begins'}")

    def reused(self, name: str) -> None:
        """Tell of a run that had been done before."""
        with self._lock:
            self._done += 1
            self._again += 1
        self.message(f"{name}: done before")

    def ended(self, name: str, error: str | None, score: float | None = None) -> None:
        """Tell of a run that ended, with its best value on validation."""
        with self._lock:
            started, _ = self._active.pop(name)
            self._done += 1
            self._failed += error not in (None, STOPPED)
            self._last_ended = perf_counter()
            self._note(name, score)
        how = error or "done" if error in (None, STOPPED) else f"failed: {error}"
        parts = [f"{perf_counter() - started:.0f} s", f"{self._done} of {self._total} runs"]
        parts += [] if score is None else [f"{self._metric} {score:.4f}"]
        self.message(f"{name}: {how} ({', '.join(parts)})")

    def _note(self, name: str, score: float | None) -> None:
        sign = 1 if self._bigger else -1
        if score is not None and (self._best is None or sign * score > sign * self._best[0]):
            self._best = score, name

    def message(self, text: str) -> None:
        """Write a line above the live lines, on a terminal wrapped between words."""
        one_line = not self._console.is_terminal
        self._console.print(text, markup=False, highlight=False, soft_wrap=one_line)

    def _drawing(self) -> Group:
        """Return what is drawn: a line a worker, and a bar with what it counts."""
        width = self._console.width
        with self._lock:
            active = [(name, newest) for name, (_, newest) in self._active.items()]
            done, total, counts = self._done, self._total, self._counts()
        lines = [
            f"{name}: {fitted(newest(), width - len(name) - 2) or 'begins'}"
            for name, newest in active
        ]
        last = Table.grid(padding=(0, 1))
        last.add_row(ProgressBar(total=max(total, 1), completed=done, width=_BAR), _line(counts))
        return Group(*map(_line, lines), last)

    def _counts(self) -> str:
        """Return how many runs are done, the best of them, and the time left by their mean."""
        now, finished = perf_counter(), self._done - self._again
        parts = [f"{self._done} of {self._total} runs done"]
        if finished and self._total > self._done:
            mean = (self._last_ended - self._started) / finished
            left = mean * (self._total - self._done) - (now - self._last_ended)
            parts.append(f"about {duration(left)} left")
        if self._best is not None:
            score, name = self._best
            parts.append(f"best {self._metric} {score:.4f} by {name}")
        parts += [f"{self._again} done before"] if self._again else []
        parts += [f"{self._failed} failed"] if self._failed else []
        parts.append(duration(now - self._started))
        return ", ".join(parts)


def _line(text: str) -> Text:
    return Text(text, no_wrap=True, overflow="ellipsis")

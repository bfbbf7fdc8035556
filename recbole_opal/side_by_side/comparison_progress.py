"""How far a comparison is, on standard error."""

from __future__ import annotations

import threading
from collections.abc import Callable
from time import perf_counter

from rich.console import Console
from rich.live import Live
from rich.text import Text

from recbole_opal.console.progress_bar import Display

__all__ = ["STOPPED", "ComparisonProgress"]

STOPPED = "stopped"
"""The error of a run that was stopped on purpose."""


class ComparisonProgress(Display):
    """A line a running worker with its newest log line, and a line that counts, while it lasts.

    Where standard error is no terminal, or it is not enabled, there is only one line for each begin
    and end.
    """

    def __init__(self, console: Console | None = None, *, enabled: bool = True) -> None:
        self._console = console or Console(stderr=True)
        self._active: dict[str, tuple[float, Callable[[], str]]] = {}
        self._total = self._done = self._failed = self._again = 0
        self._started = perf_counter()
        self._lock = threading.Lock()
        live = Live(console=self._console, get_renderable=self._lines, transient=True)
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

    def ended(self, name: str, error: str | None) -> None:
        """Tell of a run that ended."""
        with self._lock:
            started, _ = self._active.pop(name)
            self._done += 1
            self._failed += error not in (None, STOPPED)
        how = error or "done" if error in (None, STOPPED) else f"failed: {error}"
        seconds = perf_counter() - started
        self.message(f"{name}: {how} ({seconds:.0f} s, {self._done} of {self._total} runs)")

    def message(self, text: str) -> None:
        """Write one line above the live lines."""
        self._console.print(text, markup=False, highlight=False, soft_wrap=True)

    def _lines(self) -> Text:
        with self._lock:
            active = [(name, newest) for name, (_, newest) in self._active.items()]
            counts = f"{self._done} of {self._total} runs done"
            counts += f", {self._again} of them before" if self._again else ""
            counts += f", {self._failed} failed" if self._failed else ""
        lines = [f"{name}: {newest() or 'begins'}" for name, newest in active]
        lines.append(f"{counts}, {perf_counter() - self._started:.0f} s")
        return Text("\n".join(lines), no_wrap=True, overflow="ellipsis")

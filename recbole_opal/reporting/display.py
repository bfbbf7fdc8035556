"""Something that is drawn on standard error while a block runs."""

from __future__ import annotations

from types import TracebackType
from typing import TypeVar

from rich.live import Live
from rich.progress import Progress

__all__ = ["Display"]

Shown = TypeVar("Shown", bound="Display")


class Display:
    """Starts drawing where a `with` block begins and gives the terminal back at its end.

    Args:
        drawn: what rich draws, None for nothing.
    """

    def __init__(self, drawn: Live | Progress | None) -> None:
        """See the class."""
        self._drawn = drawn

    def __enter__(self: Shown) -> Shown:
        """Start drawing."""
        if self._drawn is not None:
            self._drawn.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Stop drawing and give the terminal back, also after an error or Ctrl-C."""
        if self._drawn is not None:
            self._drawn.stop()

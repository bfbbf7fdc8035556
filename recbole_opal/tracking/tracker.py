"""What a tracker takes of a run; `mlflow_run` and `wandb_run` are two."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from recbole_opal.errors import OpalError

__all__ = ["Tracker", "TrackingError"]


class TrackingError(OpalError):
    """A tracker is not installed, not reachable, or does not know who asks."""


class Tracker(Protocol):
    """One run, or one comparison, as a tracking service keeps it.

    Attributes:
        kind: "mlflow" or "wandb".
        run_id: by which it is found again.
        place: where a user sees it.
    """

    kind: str
    run_id: str
    place: str

    def settings(self, values: Mapping[str, Any]) -> None:
        """Note all settings, by name."""

    def curves(self, stage: str, epoch: int, values: Mapping[str, float]) -> None:
        """Note a point of each of a stage's curves, by the curve's name."""

    def results(self, values: Mapping[str, float], words: Mapping[str, str]) -> None:
        """Note final numbers and words, by name."""

    def files(self, paths: Sequence[Path]) -> None:
        """Keep copies of files."""

    def close(self, *, failed: bool) -> None:
        """Say that nothing more comes."""

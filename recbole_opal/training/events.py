"""TensorBoard's events of a run: in a folder of its own, or none at all."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Any

__all__ = ["NoEvents", "events_folder", "open_events"]

_PARENT = Path("log_tensorboard")  # RecBole's, where the process stands


class NoEvents:
    """Takes what is told and does nothing with it, because the user asked for that."""

    def add_scalar(self, *values: Any) -> None:
        """Write nothing."""

    add_hparams = close = add_scalar


def events_folder(label: str, run: str | None = None) -> Path:
    """Return the folder of a run's events, `log_tensorboard/RUN`; no two runs share one.

    RecBole takes the name from the first log file up to its first dot, so that runs on `ml-1.5m`
    and `ml-1.6m` share a folder. Without a run folder's name the label and a number are taken.
    """
    return _PARENT / (run or f"{label}-{secrets.token_hex(6)}")


def open_events(folder: Path | None) -> Any:
    """Return torch's `SummaryWriter` on a folder; without one, `NoEvents`."""
    if folder is None:
        return NoEvents()
    from torch.utils.tensorboard import SummaryWriter

    return SummaryWriter(str(folder))

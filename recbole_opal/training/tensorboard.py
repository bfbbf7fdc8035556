"""TensorBoard's events of a run: in a folder of its own, or none at all."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from recbole.trainer import trainer as recbole_trainer

__all__ = ["events_folder", "instead_of_recboles_writer", "open_writer"]

_PARENT = Path("log_tensorboard")  # RecBole's, where the process stands
_LOCK = threading.RLock()


class _NoWriter:
    """Takes what a trainer writes and does nothing with it, because the user asked for that."""

    def add_scalar(self, *values: Any) -> None:
        """Write nothing."""

    def add_hparams(self, *values: Any) -> None:
        """Write nothing."""

    def close(self) -> None:
        """Close nothing."""


def events_folder(label: str, run: str | None = None) -> Path:
    """Return the folder of a run's events, `log_tensorboard/NAME`; no two runs share one.

    RecBole takes the name from the first log file up to its first dot, so that runs on `ml-1.5m`
    and `ml-1.6m` share a folder.

    Args:
        label: what the name begins with where there is no run folder.
        run: the name of the run folder.
    """
    return _PARENT / (run or f"{label}-{secrets.token_hex(6)}")


def open_writer(folder: Path | None) -> Any:
    """Return a `SummaryWriter` on a folder, or one that writes nothing.

    Args:
        folder: the folder of the events; None for no events.
    """
    if folder is None:
        return _NoWriter()
    from torch.utils.tensorboard import SummaryWriter

    return SummaryWriter(str(folder))


@contextmanager
def instead_of_recboles_writer(writer: Any) -> Iterator[None]:
    """Let a RecBole trainer that is built in the block take a writer of ours.

    RecBole opens a folder of events in every trainer's constructor, whatever is asked for, and
    offers no hook: the function it calls is replaced while the block runs, one block at a time.

    Args:
        writer: see `open_writer`.
    """
    with _LOCK:
        original = recbole_trainer.get_tensorboard
        recbole_trainer.get_tensorboard = lambda logger: writer
        try:
            yield
        finally:
            recbole_trainer.get_tensorboard = original

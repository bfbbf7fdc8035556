"""TensorBoard's events of a run: in a folder of its own, or none at all."""

import secrets
from pathlib import Path
from typing import Any

__all__ = ["NoEvents", "open_events"]

_PARENT = Path("log_tensorboard")  # RecBole's, where the process stands


class NoEvents:
    """Takes what is told and does nothing with it, because the user asked for that."""

    def add_scalar(self, *values: Any) -> None:
        """Write nothing."""

    add_hparams = close = add_scalar


def open_events(label: str, run: str | None = None) -> Any:
    """Return torch's `SummaryWriter` on `log_tensorboard/RUN`; no two runs share a folder.

    RecBole takes the name from the first log file up to its first dot, so that runs on `ml-1.5m`
    and `ml-1.6m` share one. Without a run folder's name the label and a number are taken.
    """
    from torch.utils.tensorboard import SummaryWriter  # takes long to load

    return SummaryWriter(str(_PARENT / (run or f"{label}-{secrets.token_hex(6)}")))

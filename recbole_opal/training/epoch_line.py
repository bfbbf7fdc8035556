"""An epoch in one line of the log."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["epoch_line"]


def epoch_line(row: Mapping[str, Any], metric: str, best: float, places: int) -> str:
    """Return what the log says of an epoch.

    Args:
        row: a row of a trainer's `history`.
        metric: the one that decides.
        best: its best value so far.
        places: digits of a loss.
    """
    words = [f"stage={row['stage']}", f"epoch={row['epoch']}"]
    words += [f"{name}={value:.{places}f}" for name, value in row["loss"].items()]
    words.append(f"train_s={row['train_seconds']:.1f}")
    if "valid" in row:
        words.append(f"valid_{metric}={row['valid'][metric]:.4f}")
        words += [f"best={best:.4f}", f"valid_s={row['valid_seconds']:.1f}"]
    return " ".join(words)

"""What is known of each training stage, which one is best, and an epoch in one line."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from recbole_opal.evaluation.direction import best_of

__all__ = ["StageRecord", "best_stage", "epoch_line"]


@dataclass
class StageRecord:
    """The course of one stage.

    Attributes:
        name: the stage.
        best_epoch: epoch of the weights that are kept, counted from 0; -1 for the entry weights.
        epochs: epochs begun; `max_train_seconds` may have cut the last one short.
        score: the best value of `valid_metric`.
        valid: all validation metrics at `best_epoch`.
        train_seconds: time in training epochs.
        budget_seconds: the part of it that counts for `max_train_seconds`.
        valid_seconds: time in validation.
        ended: "" while it runs, then "stopping_step", "max_train_seconds" or "epochs".
    """

    name: str
    best_epoch: int = -1
    epochs: int = 0
    score: float = float("nan")
    valid: dict[str, float] = field(default_factory=dict)
    train_seconds: float = 0.0
    budget_seconds: float = 0.0
    valid_seconds: float = 0.0
    ended: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Return the record as plain data."""
        return asdict(self)


def best_stage(records: Mapping[str, StageRecord], *, bigger: bool) -> str:
    """Return the stage with the best validation score; of equals, or without any, the earlier one.

    Source: this project's decision; OPAL's authors always take the last stage.

    Args:
        records: finished stages in their order, at least one.
        bigger: whether a bigger score is better.
    """
    best = best_of(records.values(), lambda record: record.score, bigger=bigger)
    return next(iter(records)) if best is None else best.name


def epoch_line(row: Mapping[str, Any], metric: str, best: float, places: int) -> str:
    """Return what the log says of an epoch.

    Args:
        row: a row of the training's `history`.
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

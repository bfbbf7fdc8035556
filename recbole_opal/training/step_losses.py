"""The losses of an epoch's steps, read from where they are computed a few steps at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from recbole_opal.training.finite import check_losses

__all__ = ["StepLosses", "named_losses"]

_UNREAD = 32
"""Steps on a GPU that may run ahead of what is known of their losses: to read a number there waits
for all that was asked for before it."""


def named_losses(model: Any, parts: Sequence[Tensor]) -> dict[str, Tensor]:
    """Return the parts of a model's loss by its `loss_names`, detached, 0-dimensional, float32."""
    names = getattr(model, "loss_names", None)
    if names is None:  # a model of RecBole's, which numbers them
        names = ["loss"] if len(parts) == 1 else [f"loss{n}" for n in range(1, len(parts) + 1)]
    values = [part.detach().float().reshape(()) for part in parts]
    return dict(zip(names, values, strict=True))


class StepLosses:
    """Adds up the parts of the loss, checked to be numbers, and tells their means.

    On a processor each step is read at once. On a GPU a step whose loss is no number is told up to
    31 steps later, by its own number. `place` is where training is, for the message.
    """

    def __init__(self, settings: Any, place: str, device: torch.device) -> None:
        self.settings, self.place = settings, place
        self.steps = 0
        self._every = 1 if device.type == "cpu" else _UNREAD
        self._names: list[str] = []
        self._unread: list[Tensor] = []
        self._totals: dict[str, float] = {}

    def add(self, losses: Mapping[str, Tensor]) -> float | None:
        """Take a step's parts, 0-dimensional; return the newest sum that is known, if it is new.

        Raises:
            TrainingError: a loss is no number.
        """
        self._names = list(losses)
        self._unread.append(torch.stack(list(losses.values())))
        return self.read() if len(self._unread) >= self._every else None

    def read(self) -> float | None:
        """Read what is unread, with one copy to the host; return the newest sum."""
        rows = torch.stack(self._unread).tolist() if self._unread else []
        self._unread.clear()
        newest = None
        for row in rows:
            self.steps += 1
            losses = dict(zip(self._names, row, strict=True))
            check_losses(losses, self.settings, f"{self.place}, step {self.steps}")
            self._totals = {n: self._totals.get(n, 0.0) + value for n, value in losses.items()}
            newest = sum(row)
        return newest

    def means(self) -> dict[str, float]:
        """Return the mean of each part over all steps."""
        self.read()
        return {name: total / self.steps for name, total in self._totals.items()}

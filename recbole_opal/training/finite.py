"""Losses and weights that are no finite numbers end a training at once."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import torch

from recbole_opal.errors import TrainingError

__all__ = ["check_losses", "check_weights"]

_SUSPECTS = (
    ("learning_rate", "lower it"),
    ("temperature", "raise it"),
    ("attention_power", "bring it towards 1"),
    ("hardness", "lower it"),
    ("enable_amp", "leave it off"),
)
"""Settings that can be the cause, and what helps; the first of them in most cases."""


def check_losses(losses: Sequence[float], config: Any, place: str) -> None:
    """Check that a step's losses are finite numbers.

    Args:
        losses: the parts of the loss.
        config: the settings of the run.
        place: where training is, for the message.

    Raises:
        TrainingError: one is not.
    """
    if math.isfinite(sum(losses)):
        return
    raise TrainingError(f"the loss became {sum(losses)} in {place}; {_advice(config)}.")


def check_weights(model: Any, config: Any, place: str) -> None:
    """Check that all weights are finite numbers, since nothing else tells it of the last step's.

    Args:
        model: any module.
        config: the settings of the run.
        place: where training is, for the message.

    Raises:
        TrainingError: one is not.
    """
    for name, parameter in model.named_parameters():
        if parameter.numel() == 0 or not parameter.is_floating_point():
            continue
        # NaN comes through, and no copy of a large table is made.
        smallest, largest = torch.aminmax(parameter.detach())
        if not math.isfinite(float(largest) - float(smallest)):
            raise TrainingError(
                f"the weights `{name}` are no finite numbers any more after {place}; "
                f"{_advice(config)}."
            )


def _advice(config: Any) -> str:
    present = [(name, help_) for name, help_ in _SUSPECTS if config[name] not in (None, False)]
    words = [f"--{name}={config[name]}: {help_}" for name, help_ in present]
    return "settings that can cause this are " + ", ".join(words)

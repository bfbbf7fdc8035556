"""Losses, weights and scores that are no numbers end a training at once.

`settings` are those of the run, `place` is where training is, for the message.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

import torch
from torch import nn

from recbole_opal.distributed.sharded_embedding import sharded_embedding_of
from recbole_opal.errors import TrainingError
from recbole_opal.evaluation.metric import name_of
from recbole_opal.evaluation.registry import labelled_metrics

__all__ = ["check_losses", "check_score", "check_weights"]

# Settings that can be the cause, and what helps; the first of them in most cases.
_GENERAL = (("learning_rate", "lower it"), ("enable_amp", "leave it off"))
_OF_A_PART = {
    "retrieval": (
        ("temperature", "raise it"),
        ("attention_power", "bring it towards 1"),
        ("hardness", "lower it"),
    ),
    "contrastive": (("contrastive_temperature", "raise it"),),
    "recontrast": (("recontrast_temperature", "raise it"),),
    "hard_uniformity": (("uniformity_weight", "lower it"),),
}


def check_losses(losses: Mapping[str, float], settings: Any, place: str) -> None:
    """Check that the named parts of a step's loss are finite numbers.

    Raises:
        TrainingError: one is not; the settings behind it are named.
    """
    if math.isfinite(sum(losses.values())):
        return
    bad = [name for name, value in losses.items() if not math.isfinite(value)] or list(losses)
    own = ((*_OF_A_PART.get(name, ()), (f"{name}_weight", "lower it")) for name in bad)
    told = "" if list(losses) == ["loss"] else f" (its part {', '.join(bad)})"
    raise TrainingError(
        f"the loss became {sum(losses.values())}{told} in {place}; {_advice(settings, own)}."
    )


def check_weights(model: nn.Module, settings: Any, place: str) -> None:
    """Check that all weights are finite numbers, since nothing else tells it of the last step's.

    Raises:
        TrainingError: one is not.
    """
    table = sharded_embedding_of(model)
    own = [] if table is None else [("items.embedding.weight", table.own)]
    for name, parameter in [*model.named_parameters(), *own]:
        if parameter.numel() == 0 or not parameter.is_floating_point():
            continue
        # NaN comes through, and no copy of a large table is made.
        smallest, largest = torch.aminmax(parameter.detach())
        if not math.isfinite(float(largest) - float(smallest)):
            raise TrainingError(
                f"the weights `{name}` are no finite numbers any more after {place}; "
                f"{_advice(settings, _OF_A_PART.values())}."
            )


def check_score(score: float, settings: Any, place: str) -> None:
    """Check that the metric that decides has a value: by none, no epoch can be told to be the best.

    Raises:
        TrainingError: it has none.
    """
    if math.isfinite(score):
        return
    metric = str(settings["valid_metric"])
    chosen = labelled_metrics(settings["metrics"])
    others = [n for n, each in chosen.items() if each.at_k and each.name != name_of(metric)]
    name, k = (others or ["Recall"])[0], max(settings["topk"])
    raise TrainingError(
        f"--valid_metric={metric} has no value: {metric.lower()} on validation is no number in "
        f"{place}, so that no epoch can be the best by it; write --valid_metric={name}@{k}"
        + ("." if others else f" --metrics={name}.")
    )


def _advice(settings: Any, parts: Iterable[Iterable[tuple[str, str]]]) -> str:
    """Name the settings that the run has and that are not off."""
    suspects = dict.fromkeys([_GENERAL[0], *(pair for part in parts for pair in part), _GENERAL[1]])
    words = [
        f"--{name}={settings[name]}: {cure}"
        for name, cure in suspects
        if name in settings and settings[name]
    ]
    return "settings that can cause this are " + ", ".join(words)

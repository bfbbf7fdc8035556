"""Losses, weights and scores that are no numbers end a training at once."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import torch

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


def check_losses(losses: Mapping[str, float], config: Any, place: str) -> None:
    """Check that a step's losses are finite numbers.

    Args:
        losses: the parts of the loss by their names.
        config: the settings of the run.
        place: where training is, for the message.

    Raises:
        TrainingError: one is not; the settings behind it are named.
    """
    if math.isfinite(sum(losses.values())):
        return
    bad = [name for name, value in losses.items() if not math.isfinite(value)] or list(losses)
    parts = [part for name in bad for part in (*_OF_A_PART.get(name, ()), _weight_of(name))]
    told = "" if list(losses) == ["loss"] else f" (its part {', '.join(bad)})"
    raise TrainingError(
        f"the loss became {sum(losses.values())}{told} in {place}; {_advice(config, parts)}."
    )


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
            parts = [part for settings in _OF_A_PART.values() for part in settings]
            raise TrainingError(
                f"the weights `{name}` are no finite numbers any more after {place}; "
                f"{_advice(config, parts)}."
            )


def check_score(score: float, config: Any, place: str) -> None:
    """Check that the metric that decides has a value: by none, no epoch can be told to be the best.

    Args:
        score: the metric on validation.
        config: the settings of the run.
        place: where training is, for the message.

    Raises:
        TrainingError: it has none.
    """
    if math.isfinite(score):
        return
    metric = str(config["valid_metric"])
    chosen = labelled_metrics(config["metrics"])
    others = [n for n, each in chosen.items() if each.at_k and each.name != name_of(metric)]
    name, k = (others or ["Recall"])[0], max(config["topk"])
    raise TrainingError(
        f"--valid_metric={metric} has no value: {metric.lower()} on validation is no number in "
        f"{place}, so that no epoch can be the best by it; write --valid_metric={name}@{k}"
        + ("." if others else f" --metrics={name}.")
    )


def _weight_of(part: str) -> tuple[str, str]:
    return (f"{part}_weight", "lower it")


def _advice(config: Any, parts: list[tuple[str, str]]) -> str:
    """Name the settings that the run has and that are not off."""
    suspects = dict.fromkeys([_GENERAL[0], *parts, *_GENERAL[1:]])
    present = [(name, help_) for name, help_ in suspects if config[name]]
    words = [f"--{name}={config[name]}: {help_}" for name, help_ in present]
    return "settings that can cause this are " + ", ".join(words)

"""Knobs as Optuna's distributions, values on their way there and back, and the better side."""

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

from recbole_opal.settings.knobs import Knob, Range

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution

__all__ = ["decoded", "direction", "distributions", "encoded"]


def direction(*, bigger: bool) -> Literal["minimize", "maximize"]:
    """Return Optuna's word for the better side of a score."""
    return "maximize" if bigger else "minimize"


def distributions(space: Mapping[str, Knob]) -> "dict[str, BaseDistribution]":
    """Return Optuna's distribution for each knob, in the order of the yaml file."""
    return {name: _distribution(knob) for name, knob in space.items()}


def encoded(space: Mapping[str, Knob], settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values as Optuna stores them: a choice as JSON, since it may be a list."""
    return {
        name: settings[name] if isinstance(knob, Range) else json.dumps(settings[name])
        for name, knob in space.items()
    }


def decoded(space: Mapping[str, Knob], stored: Mapping[str, Any]) -> dict[str, Any]:
    """Undo `encoded`."""
    return {
        name: stored[name] if isinstance(knob, Range) else json.loads(stored[name])
        for name, knob in space.items()
    }


def _distribution(knob: Knob) -> "BaseDistribution":
    from optuna.distributions import (
        CategoricalDistribution,
        FloatDistribution,
        IntDistribution,
    )

    if not isinstance(knob, Range):
        return CategoricalDistribution([json.dumps(value) for value in knob.choices])
    if knob.whole:
        return IntDistribution(int(knob.low), int(knob.high), log=knob.log)
    return FloatDistribution(knob.low, knob.high, log=knob.log)

"""Which settings of a run differ from the defaults: those that it takes to train it again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from recbole_opal.models.base import MultiInterestNetwork
from recbole_opal.settings.fields import typed
from recbole_opal.settings.model_schemas import section_of
from recbole_opal.settings.schema import SHARED_FIELDS

__all__ = ["changed_settings", "training_flags"]

# Told by their own words, or always there.
_ELSEWHERE = {"eval_args", "recipe"}
_NO_BOUND = (None, "[0,inf)")  # two words for it


def changed_settings(
    network: type[MultiInterestNetwork], settings: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the settings that are not the model's defaults, in the order of its schema.

    With `recipe: published` the defaults are the recipe's.

    Args:
        network: the class of the model.
        settings: of the run, without those of one machine.
    """
    section: Any = section_of(network)
    fields = {**section.model_fields, **SHARED_FIELDS}
    defaults = {name: field.default for name, field in fields.items()} | dict(
        network.training_defaults
    )
    if settings.get("recipe") == "published":
        defaults |= dict(network.published)
    return {
        name: settings[name]
        for name in defaults
        if name in settings
        and name not in _ELSEWHERE
        and settings[name] != defaults[name]
        and (settings[name], defaults[name]) != _NO_BOUND
    }


def training_flags(network: type[MultiInterestNetwork], settings: Mapping[str, Any]) -> list[str]:
    """Return the flags of the command that trains such a model, data set and model first."""
    flags = [f"--dataset={settings['dataset']}", f"--model={settings['model']}"]
    if settings.get("recipe") == "published":
        flags.append("--recipe=published")
    split = settings["eval_args"]["split"]
    if split != {"RS": [8, 1, 1]}:
        flags.append(f"--eval_args={typed({'split': split})}")
    changed = changed_settings(network, settings)
    return [*flags, *(f"--{name}={typed(value)}" for name, value in changed.items())]

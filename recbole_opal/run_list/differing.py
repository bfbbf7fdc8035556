"""Which settings of runs differ: from each other, and from the defaults."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from recbole_opal.errors import SettingsError
from recbole_opal.models import MODELS
from recbole_opal.runs.origin import UNIMPORTANT
from recbole_opal.settings.model_schemas import section_of
from recbole_opal.settings.properties import dataset_yaml, model_yaml, overall_yaml
from recbole_opal.settings.protocol import normalised_eval_args
from recbole_opal.settings.schema import SHARED_FIELDS
from recbole_opal.settings.values import load_settings_file

__all__ = ["changed_settings", "differing_settings"]

_NOTHING: Sequence[Any] = (
    None,
    False,
    [],
    "[0,inf)",
)  # different kinds of a setting that is not made use of


def differing_settings(runs: Sequence[Mapping[str, Any]]) -> dict[str, list[Any]]:
    """Return what runs have of each setting that is not the same in all of them."""
    names = dict.fromkeys(name for run in runs for name in run if name not in UNIMPORTANT)
    values = {name: [run.get(name) for run in runs] for name in names}
    return {
        name: found
        for name, found in values.items()
        if any(not _same(each, found[0]) for each in found[1:])
    }


def changed_settings(run: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    """Return a run's value and the default of each setting that was given.

    A default is what the model has on that data set; of settings that only RecBole knows, none is
    known, and they are left out.
    """
    defaults = _defaults(str(run.get("model")), str(run.get("dataset")))
    known = {name: run[name] for name in defaults if name in run and name not in UNIMPORTANT}
    return {
        name: (value, defaults[name])
        for name, value in known.items()
        if not _same(value, defaults[name])
    }


def _defaults(model: str, dataset: str) -> dict[str, Any]:
    """Return the defaults, in the order in which the files that have them count."""
    found = {name: field.default for name, field in SHARED_FIELDS.items()}
    section = section_of(MODELS[model]) if model in MODELS else None
    if section is not None:
        found |= {name: field.default for name, field in section.model_fields.items()}
    for path in (overall_yaml(), model_yaml(model), dataset_yaml(dataset)):
        found |= load_settings_file(path) if path is not None else {}
    return found


def _same(one: Any, other: Any) -> bool:
    if isinstance(one, dict) and isinstance(other, dict) and "split" in {**one, **other}:
        with suppress(SettingsError):
            return normalised_eval_args(one) == normalised_eval_args(other)
    return one == other or (_is_nothing(one) and _is_nothing(other))


def _is_nothing(value: Any) -> bool:
    return any(value is each or value == each for each in _NOTHING) and value != 0.0

"""Which settings of runs differ: from each other, and from the defaults."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from recbole_opal.errors import SettingsError
from recbole_opal.runs.origin import UNIMPORTANT
from recbole_opal.settings.fields import typed
from recbole_opal.settings.model_schemas import section_of
from recbole_opal.settings.properties import dataset_yaml, model_yaml, overall_yaml
from recbole_opal.settings.protocol import masks_history, normalised_eval_args
from recbole_opal.settings.schema import SHARED_FIELDS
from recbole_opal.settings.values import load_settings_file

__all__ = ["changed_settings", "differing_settings"]

_NOTHING: tuple[Any, ...] = (None, [], "[0,inf)")
"""Different words for a setting that is not made use of."""


def differing_settings(runs: Sequence[Mapping[str, Any]]) -> dict[str, list[str]]:
    """Return what runs have, as it is typed, of each setting that is not the same in all of them.

    A run whose model has no such setting has a dash.
    """
    told = [_as_meant(run) for run in runs]
    names = dict.fromkeys(name for run in told for name in run if name not in UNIMPORTANT)
    return {
        name: [typed(run[name]) if name in run else "–" for run in told]
        for name in names
        if any(not _same(run.get(name), told[0].get(name)) for run in told[1:])
    }


def changed_settings(run: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    """Return a run's value and the default of each setting that was given.

    A default is what the model has on that data set; of settings that only RecBole knows, none is
    known, and they are left out.
    """
    own = _as_meant(run)
    usual = _as_meant(_defaults(str(run.get("model")), str(run.get("dataset"))))
    return {
        name: (own[name], usual[name])
        for name in usual
        if name in own and name not in UNIMPORTANT and not _same(own[name], usual[name])
    }


def _defaults(model: str, dataset: str) -> dict[str, Any]:
    """Return the defaults, in the order in which the files that have them count."""
    from recbole_opal.models import MODELS  # only here: a comparison needs no torch

    found = {name: field.default for name, field in SHARED_FIELDS.items()}
    section = section_of(MODELS[model]) if model in MODELS else None
    if section is not None:
        found |= {name: field.default for name, field in section.model_fields.items()}
    for path in (overall_yaml(), model_yaml(model), dataset_yaml(dataset)):
        found |= load_settings_file(path) if path is not None else {}
    return found


def _as_meant(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return settings with what they leave to the protocol filled in, as far as they make sense."""
    found = dict(settings)
    with suppress(SettingsError, KeyError, TypeError):
        found["eval_args"] = normalised_eval_args(found["eval_args"])
        found["mask_history"] = masks_history(found)
    return found


def _same(one: Any, other: Any) -> bool:
    return one == other or (one in _NOTHING and other in _NOTHING)

"""What our yaml files and RecBole's say of settings, without torch: names, types, defaults."""

import math
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from recbole_opal.errors import SettingsError
from recbole_opal.host.install import recbole_folder
from recbole_opal.host.upstream_models import find_model_class, supported_models, unknown_model
from recbole_opal.own_models import is_address, is_ours
from recbole_opal.settings.checks import check_list_lengths
from recbole_opal.settings.fields import Section, check_section, told_kind
from recbole_opal.settings.model_schemas import section_of
from recbole_opal.settings.models import schema_of
from recbole_opal.settings.properties import (
    model_yaml,
    overall_yaml,
    own_model_names,
    own_yaml,
)
from recbole_opal.settings.refused import REFUSED_KEYS, refuse_foreign_settings, refuse_unknown
from recbole_opal.settings.schema import SHARED_FIELDS, SHARED_SECTIONS
from recbole_opal.settings.values import load_settings_file
from recbole_opal.suggest import nearest

__all__ = [
    "check_foreign_values",
    "default_settings",
    "foreign_kinds",
    "model_files",
    "refuse_wrong_flags",
    "upstream_name",
    "what_is_told",
    "without_blocks",
]

_BLOCKS = {"published", "search"}
_LARGEST_SIZE, _MOST_LAYERS, _MOST_STEPS = 2**14, 256, 2**31 - 1
# Types of the settings that RecBole's files leave empty.
_WITHOUT_DEFAULT = {
    "seq_len": dict,
    "unload_col": dict,
    "unused_col": dict,
    "normalize_field": list,
}
_ACCEPTED: Mapping[type, tuple[type, ...]] = {float: (int, float), list: (list, tuple)}
_LOSSES = ("CE", "BPR")


@cache
def foreign_kinds(model: str) -> Mapping[str, type | None]:
    """Return the settings that RecBole reads for a model of its own, with their defaults' types.

    None is the type where nothing is known; a name that is no model of RecBole's adds nothing.
    """
    folder = recbole_folder() / "properties"
    kinds: dict[str, type | None] = {}
    for file in ("overall.yaml", "dataset/sample.yaml", f"model/{model}.yaml"):
        if (folder / file).is_file():
            for name, default in load_settings_file(folder / file).items():
                given = _WITHOUT_DEFAULT.get(name) if default is None else type(default)
                kinds[name] = given or kinds.get(name)
    return kinds


def upstream_name(model_class: type) -> str:
    """Return the name under which RecBole has a yaml file for a class: its own or an ancestor's."""
    folder = recbole_folder() / "properties" / "model"
    names = [ancestor.__name__ for ancestor in model_class.__mro__]
    return next((name for name in names if (folder / f"{name}.yaml").is_file()), names[0])


def model_files(model_class: type) -> list[Path]:
    """Return the yaml files of a model's defaults, over RecBole's own; a later one wins."""
    upstream = recbole_folder() / "properties" / "model" / f"{upstream_name(model_class)}.yaml"
    files = [overall_yaml(), upstream, own_yaml(model_class)]
    return [path for path in files if path is not None and path.is_file()]


def training_defaults(model_class: type) -> dict[str, Any]:
    """Return how a multi-interest model without a yaml file is trained: as ours are."""
    network = getattr(model_class, "network_class", None)
    return {} if network is None or own_yaml(model_class) else dict(network.training_defaults)


def default_settings(model: str, recipe: str = "default") -> dict[str, Any]:
    """Return the value that each setting has if nobody gives another, as `OpalConfig` reads them.

    A data set's yaml, which may set columns and filters, is not read. The recipe "published" puts
    the settings of the model's `published:` block in their place.
    """
    folder = recbole_folder() / "properties"
    ours = _own_name(model)
    if ours is not None:
        merged = _merged([folder / "overall.yaml", *_own_files(ours)])
        held = {name: merged.pop(name, None) for name in _BLOCKS}
        return merged | (held["published"] or {} if recipe == "published" else {})
    model_class = find_model_class(model)
    section = section_of(model_class)
    fields = {} if section is None or is_ours(model_class) else section.model_fields
    merged = {name: field.default for name, field in fields.items()}
    merged |= _merged([folder / "overall.yaml", *model_files(model_class)])
    merged |= training_defaults(model_class)
    published = without_blocks(merged, model_class) or {}
    return merged | published if recipe == "published" else merged


def what_is_told(model: str) -> tuple[str, type[Section] | None, list[Path]]:
    """Return a model's own name, its settings (None: RecBole's) and the yaml files of defaults.

    Of a model of ours that is told without its class, whose import takes seconds.
    """
    ours = _own_name(model)
    section = schema_of(ours) if ours is not None else None
    if ours is not None and section is not None:
        return ours, section, _own_files(ours)
    model_class = find_model_class(model)
    return model_class.__name__, section_of(model_class), model_files(model_class)


def _own_name(model: str) -> str | None:
    return {name.lower(): name for name in own_model_names()}.get(model.lower())


def _own_files(name: str) -> list[Path]:
    """Return the yaml files of a model of ours, over RecBole's own, as `model_files` does."""
    return [path for path in (overall_yaml(), model_yaml(name)) if path is not None]


def _merged(files: Sequence[Path]) -> dict[str, Any]:
    return {name: value for path in files for name, value in load_settings_file(path).items()}


def without_blocks(settings: dict[str, Any], model_class: type) -> dict[str, Any] | None:
    """Take the blocks of a model's yaml, which are no settings, out; return the published recipe.

    The other, `search`, is read by tuning alone.
    """
    held = {name: settings.pop(name, None) for name in _BLOCKS}
    published: dict[str, Any] | None = getattr(model_class, "published", held["published"])
    return published


def refuse_wrong_flags(given: Mapping[str, Any], models: Sequence[str]) -> None:
    """Refuse unknown models, names that none of the models has, and wrong values, without torch.

    What only a class can tell waits for its import, as does all where a model is named by its
    place.
    """
    known_models = {model.lower(): model for model in supported_models()}
    for model in models:
        # One word among several may be part of a list behind the `@` of the one before.
        slip = len(models) == 1 or nearest(model, supported_models())
        if not is_address(model) and model.lower() not in known_models and slip:
            raise unknown_model(model)
    names = [known_models.get(model.lower(), "") for model in models]
    if not all(names):
        return
    known = {*SHARED_FIELDS, *REFUSED_KEYS, "model", "dataset"}
    for name in names:
        path = model_yaml(name)
        own = load_settings_file(path).keys() - _BLOCKS if path else ()
        known.update(own, foreign_kinds(name))
    refuse_unknown(given, known, list(dict.fromkeys(names)))
    refuse_foreign_settings(given)
    for section in SHARED_SECTIONS:
        check_list_lengths(check_section(section, given).get("topk", ()))
    for name in names:
        own_section = schema_of(name)
        if own_section is not None:
            check_section(own_section, given)
        else:
            kinds = foreign_kinds(name)
            foreign = given.keys() & kinds.keys() - SHARED_FIELDS.keys()
            check_foreign_values({key: given[key] for key in given if key in foreign}, kinds)


def check_foreign_values(settings: Mapping[str, Any], kinds: Mapping[str, type | None]) -> None:
    """Check given values against the types of RecBole's defaults; None too where it is a number."""
    for name, value in settings.items():
        wanted = kinds.get(name)
        _check_size(name, value)
        if wanted is None or (value is None and wanted not in (bool, int, float)):
            continue
        # In Python a bool is an int, but True is no number of layers.
        right_kind = wanted is bool or not isinstance(value, bool)
        if not (right_kind and isinstance(value, _ACCEPTED.get(wanted, wanted))):
            raise SettingsError(
                f"--{name}={value} has the wrong type{told_kind(value)}; write a value of type "
                f"{wanted.__name__}."
            )
    if settings.get("loss_type") not in (None, *_LOSSES):
        raise SettingsError(
            f"--loss_type={settings['loss_type']} is unknown; write --loss_type={_LOSSES[0]} or "
            f"--loss_type={_LOSSES[1]}."
        )


def _check_size(name: str, value: Any) -> None:
    """Refuse a size that no machine has memory for, and numbers that are none."""
    for part in value if isinstance(value, list | tuple) else [value]:
        if isinstance(part, float) and not math.isfinite(part):
            raise SettingsError(f"--{name}={value} is not finite; write a finite number.")
        most = _MOST_STEPS if "step" in name else _LARGEST_SIZE
        if part is value and "layer" in name:
            most = _MOST_LAYERS
        if isinstance(part, int) and abs(part) > most:
            raise SettingsError(
                f"--{name}={value} is not in [-{most}, {most}]; write a smaller number."
            )

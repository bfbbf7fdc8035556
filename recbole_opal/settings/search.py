"""The `search:` block of a model's yaml: what `--tune` may try for this model."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from recbole_opal.host import find_model_class
from recbole_opal.host.defaults import default_settings
from recbole_opal.own_models import is_ours, name_of
from recbole_opal.settings.knobs import Knob
from recbole_opal.settings.properties import model_yaml, own_yaml
from recbole_opal.settings.search_block import BlockReader
from recbole_opal.settings.values import load_settings_file

__all__ = ["search_space"]

# The one number of a published recipe that depends on the data more than on the method.
_TUNED_ANYWAY = {"learning_rate"}
_BLOCKS = ("search", "published")


def search_space(model: str, given: Mapping[str, Any] | None = None) -> dict[str, Knob]:
    """Read what may be tried for a model; empty if neither its yaml nor its class has a `search`.

    Settings that the user gave are not searched over, nor, with `recipe=published`, those that the
    recipe sets, except for the learning rate. The defaults lie inside the space, so that a search
    can begin with them.

    Args:
        model: the model's name, as `OPAL`, or the address of a class of the user's.
        given: the settings that the user gave for it, by name.

    Raises:
        SettingsError: the block is malformed, names a setting that the model does not have or that
            all models must share, or a bound is out of the setting's range.
    """
    model_class = find_model_class(model)
    path = model_yaml(model) if is_ours(model_class) else own_yaml(model_class)
    written = load_settings_file(path) if path else {}
    # What a class of the user's says itself wins over the file of an ancestor.
    written |= {name: getattr(model_class, name) for name in _BLOCKS if hasattr(model_class, name)}
    recipe = (given or {}).get("recipe", "shared")
    fixed = set(given or {})
    if recipe == "published":
        fixed |= set(written.get("published") or {}) - _TUNED_ANYWAY
    place = path or Path(name_of(model))
    reader = BlockReader(place, model_class, default_settings(model, recipe), fixed)
    space = reader.read(written.get("search"))
    return {name: knob for name, knob in space.items() if name not in fixed}

"""The `search:` block of a model's yaml: what `--tune` may try for this model."""

from collections.abc import Mapping
from typing import Any

from recbole_opal.settings.defaults import default_settings
from recbole_opal.settings.knobs import Knob
from recbole_opal.settings.properties import model_yaml
from recbole_opal.settings.search_block import BlockReader
from recbole_opal.settings.values import load_settings_file

__all__ = ["search_space"]

# The one number of a published recipe that depends on the data more than on the method.
_TUNED_ANYWAY = {"learning_rate"}


def search_space(model: str, given: Mapping[str, Any] | None = None) -> dict[str, Knob]:
    """Read what may be tried for a model; empty if its yaml has no `search:` block.

    Settings that the user gave are not searched over, nor, with `recipe=published`, those that the
    recipe sets, except for the learning rate. The defaults lie inside the space, so that a search
    can begin with them.

    Args:
        model: the model's class name, as `OPAL`.
        given: the settings that the user gave for it, by name.

    Raises:
        SettingsError: the block is malformed, names a setting that the model does not have or that
            all models must share, or a bound is out of the setting's range.
    """
    path = model_yaml(model)
    if path is None:
        return {}
    written = load_settings_file(path)
    recipe = (given or {}).get("recipe", "shared")
    fixed = set(given or {})
    if recipe == "published":
        fixed |= set(written.get("published") or {}) - _TUNED_ANYWAY
    reader = BlockReader(path, model, default_settings(model, recipe), fixed)
    space = reader.read(written.get("search"))
    return {name: knob for name, knob in space.items() if name not in fixed}

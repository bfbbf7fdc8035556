"""A model's defaults as the yaml files give them, without a data set and without a run."""

from typing import Any

from recbole_opal.host import recbole_folder
from recbole_opal.settings.properties import model_yaml, overall_yaml
from recbole_opal.settings.values import load_settings_file

__all__ = ["default_settings"]


def default_settings(model: str, recipe: str = "shared") -> dict[str, Any]:
    """Return the value that each setting has if nobody gives another, as `OpalConfig` reads them.

    A data set's yaml, which may set columns and filters, is not read.

    Args:
        model: the model's class name.
        recipe: "published" puts the settings of the model's `published:` block in their place.
    """
    recbole = recbole_folder() / "properties"
    files = [
        recbole / "overall.yaml",
        overall_yaml(),
        recbole / "model" / f"{model}.yaml",
        model_yaml(model),
    ]
    merged: dict[str, Any] = {}
    for path in files:
        if path is not None and path.is_file():
            merged |= load_settings_file(path)
    published = merged.pop("published", None) or {}
    merged.pop("search", None)
    return merged | published if recipe == "published" else merged

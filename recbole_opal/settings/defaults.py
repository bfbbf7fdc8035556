"""A model's defaults as the yaml files give them, without a data set and without a run."""

from typing import Any

from recbole_opal.host import find_model_class, recbole_folder
from recbole_opal.host.upstream_settings import upstream_name
from recbole_opal.own_models import is_ours
from recbole_opal.settings.model_schemas import section_of
from recbole_opal.settings.properties import overall_yaml, own_yaml
from recbole_opal.settings.values import load_settings_file

__all__ = ["default_settings"]


def default_settings(model: str, recipe: str = "shared") -> dict[str, Any]:
    """Return the value that each setting has if nobody gives another, as `OpalConfig` reads them.

    A data set's yaml, which may set columns and filters, is not read.

    Args:
        model: the model's name, or the address of a class of the user's.
        recipe: "published" puts the settings of the model's `published:` block in their place.
    """
    model_class = find_model_class(model)
    recbole = recbole_folder() / "properties"
    files = [
        recbole / "overall.yaml",
        overall_yaml(),
        recbole / "model" / f"{upstream_name(model_class)}.yaml",
        own_yaml(model_class),
    ]
    section = section_of(model_class)
    fields = {} if section is None or is_ours(model_class) else section.model_fields
    merged: dict[str, Any] = {name: field.default for name, field in fields.items()}
    for path in files:
        if path is not None and path.is_file():
            merged |= load_settings_file(path)
    published = getattr(model_class, "published", merged.pop("published", None)) or {}
    merged.pop("search", None)
    return merged | published if recipe == "published" else merged

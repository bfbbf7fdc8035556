"""A model's defaults as the yaml files give them, without a data set and without a run."""

from pathlib import Path
from typing import Any

from recbole_opal.host import find_model_class, recbole_folder
from recbole_opal.host.upstream_settings import upstream_name
from recbole_opal.own_models import is_ours
from recbole_opal.settings.model_schemas import section_of
from recbole_opal.settings.properties import overall_yaml, own_yaml
from recbole_opal.settings.values import load_settings_file

__all__ = ["default_settings", "model_files"]


def model_files(model_class: type) -> list[Path]:
    """Return the yaml files of a model's defaults, over RecBole's own; a later one wins."""
    upstream = recbole_folder() / "properties" / "model" / f"{upstream_name(model_class)}.yaml"
    files = [overall_yaml(), upstream, own_yaml(model_class)]
    return [path for path in files if path is not None and path.is_file()]


def default_settings(model: str, recipe: str = "shared") -> dict[str, Any]:
    """Return the value that each setting has if nobody gives another, as `OpalConfig` reads them.

    A data set's yaml, which may set columns and filters, is not read. The recipe "published" puts
    the settings of the model's `published:` block in their place.
    """
    model_class = find_model_class(model)
    section = section_of(model_class)
    fields = {} if section is None or is_ours(model_class) else section.model_fields
    merged: dict[str, Any] = {name: field.default for name, field in fields.items()}
    for path in [recbole_folder() / "properties" / "overall.yaml", *model_files(model_class)]:
        merged |= load_settings_file(path)
    published = getattr(model_class, "published", merged.pop("published", None)) or {}
    merged.pop("search", None)
    return merged | published if recipe == "published" else merged

"""Wrong flags, told before torch and RecBole are imported."""

from collections.abc import Mapping, Sequence
from typing import Any

from recbole_opal.host import recbole_folder
from recbole_opal.host.upstream_settings import foreign_kinds
from recbole_opal.settings.fields import check_section
from recbole_opal.settings.properties import model_yaml, properties_folder
from recbole_opal.settings.refused import REFUSED_KEYS, refuse_unknown
from recbole_opal.settings.schema import SHARED_SECTIONS
from recbole_opal.settings.values import load_settings_file

__all__ = ["refuse_wrong_flags"]

_NO_SETTINGS = {"published", "search"}  # blocks of a model's yaml


def refuse_wrong_flags(given: Mapping[str, Any], models: Sequence[str]) -> None:
    """Refuse names that none of the models has, and wrong values of what all models share.

    The yaml files tell the names. What only a model's class can tell waits for its import, as does
    all where a model is not known by its name.
    """
    folders = (properties_folder(), recbole_folder() / "properties")
    files = (path for folder in folders for path in (folder / "model").glob("*.yaml"))
    known_models = {path.stem.lower(): path.stem for path in files}
    names = [known_models.get(model.lower(), "") for model in models]
    if not all(names):
        return
    known = {name for section in SHARED_SECTIONS for name in section.model_fields}
    for name in names:
        path = model_yaml(name)
        own = load_settings_file(path).keys() - _NO_SETTINGS if path else ()
        known.update(own, foreign_kinds(name))
    refuse_unknown(given, known | {*REFUSED_KEYS, "model", "dataset"}, list(dict.fromkeys(names)))
    for section in SHARED_SECTIONS:
        check_section(section, given)

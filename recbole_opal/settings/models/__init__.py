"""The settings of our models, a file each, apart from their networks: checked without torch."""

from importlib import import_module
from pkgutil import iter_modules

from recbole_opal.settings.fields import Section
from recbole_opal.settings.model_schemas import with_stages

__all__ = ["schema_of"]


def schema_of(model: str) -> type[Section] | None:
    """Return the settings of a model of ours by its name, as `section_of` does by its class.

    None: no file here holds the class `NAMESettings`.
    """
    for module in iter_modules(__path__):
        if model.lower().startswith(module.name):  # comirec.py holds ComiRecSA and ComiRecDR
            found = vars(import_module(f"{__name__}.{module.name}")).get(f"{model}Settings")
            if found is not None:
                section: type[Section] = found
                return with_stages(section, getattr(section, "trained_in", ()))
    return None

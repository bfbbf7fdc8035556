"""Which settings are texts: what is typed for one of them stays as it was typed."""

from recbole_opal.settings.fields import Section, without_none
from recbole_opal.settings.schema import SHARED_SECTIONS

__all__ = ["TEXTS"]

# RecBole's settings that are texts and that our schema does not hold.
_UPSTREAM = (
    "ENTITY_ID_FIELD",
    "HEAD_ENTITY_ID_FIELD",
    "ITEM_LIST_LENGTH_FIELD",
    "LABEL_FIELD",
    "LIST_SUFFIX",
    "NEG_PREFIX",
    "POSITION_FIELD",
    "RATING_FIELD",
    "RELATION_ID_FIELD",
    "TAIL_ENTITY_ID_FIELD",
    "wandb_project",
)


def _texts(section: type[Section]) -> dict[str, bool]:
    """Return the names of a section's texts, each with whether it may be None."""
    found: dict[str, bool] = {}
    for name, field in section.model_fields.items():
        annotation, optional = without_none(field.annotation)
        if annotation is str:
            found[name] = optional
    return found


def _all_texts() -> dict[str, bool]:
    found = dict.fromkeys((*_UPSTREAM, "model", "dataset"), False)
    for section in SHARED_SECTIONS:
        found |= _texts(section)
    return found


TEXTS = _all_texts()
"""The names of all settings that are texts, each with whether it may be None."""

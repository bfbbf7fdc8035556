"""Which of the given settings a variant gets, and which it may not have of its own."""

from collections.abc import Mapping, Sequence
from typing import Any

from recbole_opal.errors import SettingsError
from recbole_opal.host import find_model_class
from recbole_opal.host.validation import known_settings
from recbole_opal.retrieval.index_settings import EXACT_KINDS
from recbole_opal.settings.fields import typed
from recbole_opal.settings.schema import DataSettings, EnvironmentSettings, EvaluationSettings
from recbole_opal.side_by_side.variants import Variant

__all__ = ["check_same_protocol", "refuse_protocol_settings", "settings_for"]

# Settings of these sections that a model may have its own value of: they change what it sees of a
# history or how lists are found, not which lists are judged by what.
_FREE = {
    "MAX_ITEM_LIST_LENGTH",
    "eval_batch_size",
    "item_block_size",
    "metric_decimal_place",
    "normalize_all",
    "repeatable",
    "score_memory_mb",
}
_PROTOCOL = {*EvaluationSettings.model_fields, *DataSettings.model_fields} - _FREE
_OF_ALL = _PROTOCOL | {*EnvironmentSettings.model_fields, "model", "dataset"}


def settings_for(variant: Variant, shared: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings of a variant: the shared ones its model knows, its own over them."""
    known = known_settings(find_model_class(variant.model))
    return {name: shared[name] for name in shared if name in known} | dict(variant.settings)


def refuse_protocol_settings(variants: Sequence[Variant]) -> None:
    """Refuse a variant that has a protocol, a seed or a folder of its own."""
    for variant in variants:
        for name in variant.settings:
            if name in _OF_ALL:
                flag = "seeds" if name == "seed" else name
                raise SettingsError(
                    f"--model={variant.text}: {name} is the same for all rows; write "
                    f"--{flag}={typed(variant.settings[name])} instead."
                )


def check_same_protocol(configs: Mapping[str, Any]) -> None:
    """Check that all variants, label to settings, are evaluated alike, whatever their yaml says."""
    (first, reference), *others = configs.items()
    for label, config in others:
        for name in sorted(_PROTOCOL):
            if _protocol_value(config, name) != _protocol_value(reference, name):
                raise SettingsError(
                    f"{label} has {name}={config[name]} and {first} has {name}={reference[name]}, "
                    f"so they cannot be compared; write --{name}={typed(reference[name])}."
                )


def _protocol_value(config: Any, name: str) -> Any:
    """Return a setting, with one name for the exact searches: they give the same lists.

    Where a row reads the item file, columns that are its item features change no list's judgement.
    """
    value = config[name]
    if name == "load_col" and value and isinstance(value.get("item"), list):
        own = set(config["item_features"] or ()) - {config["category_field"]}
        return {**value, "item": sorted(set(value["item"]) - own)}
    return EXACT_KINDS if name == "retrieval" and value in (None, *EXACT_KINDS) else value

"""What all rows of a comparison share: data, split, metrics; a variant may not change them."""

from collections.abc import Mapping, Sequence
from typing import Any

from recbole_opal.errors import SettingsError
from recbole_opal.settings.fields import typed
from recbole_opal.settings.schema import DataSettings, EnvironmentSettings, EvaluationSettings
from recbole_opal.side_by_side.variants import Variant

__all__ = ["check_same_protocol", "refuse_protocol_settings"]

# Settings of these sections that a model may have its own value of: they change what it sees of a
# history or how lists are found, not which lists are judged by what.
_FREE = {
    "MAX_ITEM_LIST_LENGTH",
    "eval_batch_size",
    "item_block_size",
    "metric_decimal_place",
    "repeatable",
    "retrieval",
    "score_memory_mb",
    "normalize_all",
}
_PROTOCOL = (set(EvaluationSettings.model_fields) | set(DataSettings.model_fields)) - _FREE
_OF_ALL = _PROTOCOL | set(EnvironmentSettings.model_fields) | {"model", "dataset"}


def refuse_protocol_settings(variants: Sequence[Variant]) -> None:
    """Refuse a variant that has a protocol, a seed or a folder of its own.

    Args:
        variants: what is compared.

    Raises:
        SettingsError: the first such setting.
    """
    for variant in variants:
        for name in variant.settings:
            if name in _OF_ALL:
                flag = "seeds" if name == "seed" else name
                raise SettingsError(
                    f"--model={variant.text}: {name} is the same for all rows; write "
                    f"--{flag}={typed(variant.settings[name])} instead."
                )


def check_same_protocol(configs: Mapping[str, Any]) -> None:
    """Check that all variants are evaluated alike, whatever their yaml files say.

    Args:
        configs: label to settings.

    Raises:
        SettingsError: a setting of the protocol differs.
    """
    (first, reference), *others = configs.items()
    for label, config in others:
        for name in sorted(_PROTOCOL):
            if config[name] != reference[name]:
                raise SettingsError(
                    f"{label} has {name}={config[name]} and {first} has {name}={reference[name]}, "
                    f"so they cannot be compared; write --{name}={typed(reference[name])}."
                )

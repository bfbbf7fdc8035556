"""Names and types of the settings that RecBole's yaml files hold and our schema does not."""

import math
from collections.abc import Mapping
from functools import cache
from typing import Any

from recbole_opal.errors import SettingsError
from recbole_opal.host.install import recbole_folder
from recbole_opal.settings.fields import told_kind
from recbole_opal.settings.values import load_settings_file

__all__ = ["check_foreign_values", "foreign_kinds", "upstream_name"]

_LARGEST_SIZE, _MOST_LAYERS, _MOST_STEPS = 2**14, 256, 2**31 - 1
_WITHOUT_DEFAULT = {
    "seq_len": dict,
    "unload_col": dict,
    "unused_col": dict,
    "normalize_field": list,
}
"""Types of the settings that RecBole's files leave empty."""
_ACCEPTED: Mapping[type, tuple[type, ...]] = {float: (int, float), list: (list, tuple)}
_LOSSES = ("CE", "BPR")


@cache
def foreign_kinds(model: str) -> Mapping[str, type | None]:
    """Return the settings that RecBole reads for a model, each with the type of its default.

    Args:
        model: the class name of a RecBole model; another name adds nothing.

    Returns:
        Name to type; None where nothing is known of it.
    """
    folder = recbole_folder() / "properties"
    kinds: dict[str, type | None] = {}
    for file in ("overall.yaml", "dataset/sample.yaml", f"model/{model}.yaml"):
        if (folder / file).is_file():
            for name, default in load_settings_file(folder / file).items():
                given = _WITHOUT_DEFAULT.get(name) if default is None else type(default)
                kinds[name] = given or kinds.get(name)
    return kinds


def upstream_name(model_class: type) -> str:
    """Return the name under which RecBole has a yaml file for a class: its own or an ancestor's.

    Args:
        model_class: the model's class.
    """
    folder = recbole_folder() / "properties" / "model"
    names = [ancestor.__name__ for ancestor in model_class.__mro__]
    return next((name for name in names if (folder / f"{name}.yaml").is_file()), names[0])


def check_foreign_values(settings: Mapping[str, Any], kinds: Mapping[str, type | None]) -> None:
    """Check given values against the types of RecBole's defaults; None too where it is a number.

    Args:
        settings: name to value, the given ones that our schema does not hold.
        kinds: what `foreign_kinds` returns.

    Raises:
        SettingsError: a value has another type.
    """
    for name, value in settings.items():
        wanted = kinds.get(name)
        _check_size(name, value)
        if wanted is None or (value is None and wanted not in (bool, int, float)):
            continue
        # In Python a bool is an int, but True is no number of layers.
        right_kind = wanted is bool or not isinstance(value, bool)
        if not (right_kind and isinstance(value, _ACCEPTED.get(wanted, wanted))):
            raise SettingsError(
                f"--{name}={value} has the wrong type{told_kind(value)}; write a value of type "
                f"{wanted.__name__}."
            )
    if settings.get("loss_type") not in (None, *_LOSSES):
        raise SettingsError(
            f"--loss_type={settings['loss_type']} is unknown; write --loss_type={_LOSSES[0]} or "
            f"--loss_type={_LOSSES[1]}."
        )


def _check_size(name: str, value: Any) -> None:
    """Refuse a size that no machine has memory for, and numbers that are none."""
    for part in value if isinstance(value, list | tuple) else [value]:
        if isinstance(part, float) and not math.isfinite(part):
            raise SettingsError(f"--{name}={value} is not finite; write a finite number.")
        most = _MOST_STEPS if "step" in name else _LARGEST_SIZE
        if part is value and "layer" in name:
            most = _MOST_LAYERS
        if isinstance(part, int) and abs(part) > most:
            raise SettingsError(
                f"--{name}={value} is not in [-{most}, {most}]; write a smaller number."
            )

"""Names and types of the settings that RecBole's yaml files hold and our schema does not."""

import math
import re
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from recbole_opal.errors import SettingsError
from recbole_opal.host import recbole_folder
from recbole_opal.settings.fields import told_kind
from recbole_opal.settings.values import load_settings_file

__all__ = ["check_foreign_values", "foreign_kinds", "upstream_name"]

_LARGEST_SIZE, _MOST_LAYERS, _MOST_STEPS = 2**14, 256, 2**31 - 1
_NUMBERS = {"bool", "int", "float"}
_COMMENT = re.compile(r"^(\w+):[^#]*#\s*\((\w+)", re.MULTILINE)
_KINDS: dict[str, tuple[type, ...]] = {
    "bool": (bool,),
    "int": (int,),
    "float": (int, float),
    "str": (str,),
    "list": (list, tuple),
    "dict": (dict,),
}


@cache
def foreign_kinds(model: str) -> Mapping[str, set[str]]:
    """Return the settings that RecBole reads for a model, each with the names of its types.

    A type comes from the default and from the comment behind it, since RecBole writes
    `dropout_prob: 0 # (float)`. An empty set means that nothing is known about the type.

    Args:
        model: the class name of a RecBole model; another name adds nothing.
    """
    folder = recbole_folder() / "properties"
    kinds: dict[str, set[str]] = {}
    for path in _existing(
        [folder / "overall.yaml", folder / "dataset/sample.yaml", folder / f"model/{model}.yaml"]
    ):
        comments = dict(_COMMENT.findall(path.read_text(encoding="utf-8")))
        for name, default in load_settings_file(path).items():
            found = {comments.get(name, ""), type(default).__name__} & set(_KINDS)
            kinds[name] = kinds.get(name, set()) | found
    return kinds


def upstream_name(model_class: type) -> str:
    """Return the name under which RecBole has a yaml file for a class: its own or an ancestor's.

    Args:
        model_class: the model's class.
    """
    folder = recbole_folder() / "properties" / "model"
    names = [ancestor.__name__ for ancestor in model_class.__mro__]
    return next((name for name in names if (folder / f"{name}.yaml").is_file()), names[0])


def check_foreign_values(settings: Mapping[str, Any], kinds: Mapping[str, set[str]]) -> None:
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
        left_to_recbole = value is None and wanted is not None and not wanted <= _NUMBERS
        if not wanted or left_to_recbole or any(_is_a(value, kind) for kind in wanted):
            continue
        raise SettingsError(
            f"--{name}={value} has the wrong type{told_kind(value)}; write a value of type "
            f"{' or '.join(sorted(wanted))}."
        )
    # CDAE's are the only other losses: it is the one general model with a choice.
    losses = ("BCE", "MSE") if "corruption_ratio" in kinds else ("CE", "BPR")
    if settings.get("loss_type") not in (None, *losses):
        raise SettingsError(
            f"--loss_type={settings['loss_type']} is unknown; write --loss_type={losses[0]} or "
            f"--loss_type={losses[1]}."
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


def _is_a(value: Any, kind: str) -> bool:
    # In Python a bool is an int, but True is no number of layers.
    return isinstance(value, _KINDS[kind]) and (kind == "bool" or not isinstance(value, bool))


def _existing(paths: Iterable[Path]) -> list[Path]:
    return [path for path in paths if path.is_file()]

"""The two evaluation protocols, as RecBole's `eval_args` names them."""

import math
from collections.abc import Mapping
from typing import Any

from recbole_opal.errors import SettingsError
from recbole_opal.suggest import did_you_mean

__all__ = ["normalised_eval_args"]

_FORMS = (
    "write --eval_args=\"{'split': {'RS': [8, 1, 1]}}\" (ratios of each user's sequence) or "
    "--eval_args=\"{'split': {'LS': 'valid_and_test'}}\" (leave one out)"
)
_FIXED = {"order": "TO", "group_by": "user", "mode": "full"}


def normalised_eval_args(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the four keys of `eval_args`, with those that were left away filled in.

    RecBole would fill in a random order (RO), which lets a sequential model train on the future.

    Args:
        given: the user's `eval_args`.

    Raises:
        SettingsError: a key is unknown, or the values name neither of the two protocols.
    """
    for name in given:
        if name not in {*_FIXED, "split"}:
            raise SettingsError(
                f"--eval_args: {name} is not a key{did_you_mean(name, [*_FIXED, 'split'])}; "
                f"{_FORMS}."
            )
    arguments = {"split": {"RS": [8, 1, 1]}} | _FIXED | dict(given)
    if arguments["mode"] == {"valid": "full", "test": "full"}:
        arguments["mode"] = "full"
    for name, value in _FIXED.items():
        if arguments[name] != value:
            raise SettingsError(
                f"--eval_args: {name} must be {value} here, not {arguments[name]}; {_FORMS}."
            )
    if not _is_split(arguments["split"]):
        raise SettingsError(f"--eval_args: split {arguments['split']} is not supported; {_FORMS}.")
    return arguments


def _is_split(split: Any) -> bool:
    if split == {"LS": "valid_and_test"}:
        return True
    if (
        not isinstance(split, dict)
        or list(split) != ["RS"]
        or not isinstance(split["RS"], list | tuple)
    ):
        return False
    ratios = split["RS"]
    return len(ratios) == 3 and all(
        isinstance(ratio, int | float) and not isinstance(ratio, bool) and 0 < ratio < math.inf
        for ratio in ratios
    )

"""Settings that RecBole reads unchecked: a wrong one stops it in the midst, or is passed over."""

from __future__ import annotations

from collections.abc import Mapping
from math import isnan
from typing import Any

from recbole_opal.errors import SettingsError

__all__ = ["check_upstream"]

# Columns that RecBole makes, by the setting that names them.
_MADE = ("ITEM_LIST_LENGTH_FIELD", "LABEL_FIELD", "POSITION_FIELD")
# What stands before or behind a name; without it the column made replaces the one it is made of.
_AFFIXES = {"NEG_PREFIX": "neg_", "LIST_SUFFIX": "_list"}
_COLUMNS = ("USER_ID_FIELD", "ITEM_ID_FIELD", "TIME_FIELD")
_NEGATIVES = ("distribution", "sample_num", "alpha", "dynamic", "candidate_num")
_SWITCHES = ("error_if_nonfinite", "foreach")


def check_upstream(settings: Mapping[str, Any]) -> None:
    """Check what RecBole hands on as it is.

    Args:
        settings: all settings of a run, each of the right type.

    Raises:
        SettingsError: one of them cannot work.
    """
    _check_names(settings)
    if settings.get("unload_col") and settings["load_col"]:
        raise SettingsError(
            "--unload_col leaves columns out where --load_col names none; write --load_col=None "
            "as well, or leave --unload_col away."
        )
    _check_clipping(settings["clip_grad_norm"])
    _check_negatives(settings["train_neg_sample_args"])


def _check_names(settings: Mapping[str, Any]) -> None:
    read = {settings[name]: name for name in _COLUMNS}
    for name in _MADE:
        if settings.get(name) in read:
            raise SettingsError(
                f"--{name}={settings[name]} is the column of --{read[settings[name]]} too; leave "
                f"--{name} away, or name a column that is not there."
            )
    for name, usual in _AFFIXES.items():
        if settings.get(name) == "":
            raise SettingsError(
                f"--{name} is empty, so that what is made of a column would replace it; leave it "
                f"away, it is {usual} then."
            )


def _check_clipping(value: Mapping[str, Any] | None) -> None:
    """Check the arguments of `torch.nn.utils.clip_grad_norm_`; an empty mapping clips nothing."""
    if not value:
        return
    fix = "write for example --clip_grad_norm=\"{'max_norm': 5.0}\"."
    for name, given in value.items():
        if name in _SWITCHES:
            right = isinstance(given, bool) or (name == "foreach" and given is None)
        else:
            right = _is_a_number(given) and given > 0
        if name not in ("max_norm", "norm_type", *_SWITCHES):
            raise SettingsError(
                f"--clip_grad_norm: {name} is none of max_norm, norm_type, "
                f"{', '.join(_SWITCHES)}; {fix}"
            )
        if not right:
            kind = "True or False" if name in _SWITCHES else "a number above 0"
            raise SettingsError(f"--clip_grad_norm: {name} is {given!r}, not {kind}; {fix}")
    if "max_norm" not in value:
        raise SettingsError(f"--clip_grad_norm names no max_norm; {fix}")


def _check_negatives(value: Mapping[str, Any] | None) -> None:
    for name in value or ():
        if name not in _NEGATIVES:
            raise SettingsError(
                f"--train_neg_sample_args: {name} is none of {', '.join(_NEGATIVES)}; leave it "
                "away."
            )


def _is_a_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and not isnan(value)

"""The evaluation protocols, as RecBole's `eval_args` names them."""

import math
from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from recbole_opal.errors import SettingsError
from recbole_opal.settings.fields import Section, allowed
from recbole_opal.settings.protocol_rules import LastDayRule, TimeRule, UserRule
from recbole_opal.suggest import did_you_mean

__all__ = ["normalised_eval_args", "protocol_help"]

_PROTOCOLS = {
    "{'RS': [8, 1, 1]}": "ratios of each user's sequence",
    "{'LS': 'valid_and_test'}": "leave one out",
    "{'last_day': {'min_days': 4}}": "the log's last day and the day before, CMI and OPAL",
    "{'time': [8, 1, 1]}": "global cuts in time, by shares of all rows",
    "{'user': [8, 1, 1]}": "held-out users, ComiRec",
}
_FIXED = {"order": "TO", "group_by": "user", "mode": "full"}
_RULES: dict[str, type[Section]] = {"last_day": LastDayRule, "time": TimeRule, "user": UserRule}
_KINDS = ["RS", "LS", *_RULES]


def _forms() -> str:
    texts = [f"{form} ({meaning})" for form, meaning in _PROTOCOLS.items()]
    return f"write --eval_args=\"{{'split': ...}}\" with one of {', '.join(texts)}"


def normalised_eval_args(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the four keys of `eval_args`, with those that were left away filled in.

    RecBole would fill in a random order (RO), which lets a sequential model train on the future.

    Args:
        given: the user's `eval_args`.

    Raises:
        SettingsError: a key is unknown, or the values name none of the protocols.
    """
    for name in given:
        if name not in {*_FIXED, "split"}:
            raise SettingsError(
                f"--eval_args: {name} is not a key{did_you_mean(str(name), [*_FIXED, 'split'])}; "
                f"{_forms()}."
            )
    arguments = {"split": {"RS": [8, 1, 1]}} | _FIXED | dict(given)
    if arguments["mode"] == {"valid": "full", "test": "full"}:
        arguments["mode"] = "full"
    for name, value in _FIXED.items():
        if arguments[name] != value:
            raise SettingsError(
                f"--eval_args: {name} must be {value} here, not {arguments[name]}; {_forms()}."
            )
    return arguments | {"split": _normalised_split(arguments["split"])}


def protocol_help() -> str:
    """Return what `--help` says of the protocols: forms, meanings, options with defaults."""
    lines = []
    for form, meaning in _PROTOCOLS.items():
        lines.append(f"  {form:30}  {meaning}")
        kind = next(iter(kind for kind in _KINDS if f"'{kind}'" in form))
        fields = _RULES[kind].model_fields if kind in _RULES else {}
        for name, field in fields.items():
            lines.append(f"      {name}={field.default}: {field.description}")
    return "\n".join(lines)


def _normalised_split(split: Any) -> dict[str, Any]:
    """Return the split with all options of its protocol."""
    if isinstance(split, dict) and len(split) == 1:
        ((kind, value),) = split.items()
        if kind in _RULES:
            return {kind: _options(kind, value)}
        if split == {"LS": "valid_and_test"} or (kind == "RS" and _are_shares(value)):
            return split
        if kind not in _KINDS:
            hint = did_you_mean(str(kind), _KINDS)
            raise SettingsError(f"--eval_args: split {kind} is not a protocol{hint}; {_forms()}.")
    raise SettingsError(f"--eval_args: split {split} is not supported; {_forms()}.")


def _options(kind: str, value: Any) -> dict[str, Any]:
    """Return all options of a protocol; a list stands for its ratios, None for no options."""
    if kind != "last_day" and isinstance(value, list | tuple):
        value = {"ratios": value}
    section = _RULES[kind]
    try:
        return section.model_validate({} if value is None else value).model_dump()
    except ValidationError as error:
        raise SettingsError(f"--eval_args: split {kind}: {_told(section, error)}.") from error


def _told(section: type[Section], error: ValidationError) -> str:
    """Tell the first thing that is wrong with the options of a protocol."""
    detail = error.errors(include_url=False)[0]
    known = ", ".join(section.model_fields)
    if not detail["loc"]:
        why = detail.get("ctx", {}).get("error", f"{detail['input']} is no mapping")
        return f"{why}; its options are {known}"
    name = str(detail["loc"][0])
    if name not in section.model_fields:
        hint = did_you_mean(name, list(section.model_fields))
        return f"{name} is not an option{hint}; its options are {known}"
    field = section.model_fields[name]
    wanted = str(detail.get("ctx", {}).get("error", f"write {_allowed(section, name)}"))
    return f"{name}={detail['input']} is not valid; {wanted} ({field.description})"


def _allowed(section: type[Section], name: str) -> str:
    if name == "ratios":
        return f"a list of {'2 or 3' if section is TimeRule else '3'} numbers such as [8, 1, 1]"
    if name == "cuts":
        return "a list of one or two times"
    return allowed(section.model_fields[name])


def _are_shares(ratios: Any) -> bool:
    if not isinstance(ratios, list | tuple):
        return False
    return len(ratios) == 3 and all(
        isinstance(ratio, int | float) and not isinstance(ratio, bool) and 0 < ratio < math.inf
        for ratio in ratios
    )

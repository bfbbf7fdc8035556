"""The evaluation protocols, as RecBole's `eval_args` names them, and their options."""

from collections.abc import Mapping
from contextlib import suppress
from math import inf
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, ValidationError, model_validator

from recbole_opal.errors import SettingsError
from recbole_opal.settings.fields import Finite, Section, allowed, as_list, setting
from recbole_opal.suggest import did_you_mean

__all__ = ["masks_history", "normalised_eval_args", "protocol_help"]

_SEED = 1230  # ComiRec's


def _share(value: int | float) -> int | float:
    if not 0 < value < inf:
        raise ValueError("write finite shares larger than 0")
    return value


Shares = Annotated[list[Annotated[int | float, AfterValidator(_share)]], BeforeValidator(as_list)]
Cuts = Annotated[list[Finite], BeforeValidator(as_list)]


class LastDayRule(Section):
    """The last day of the log is test, the day before validation: CMI and OPAL."""

    day_length: Finite = setting(86400, "of a day, in seconds", ge=1)
    offset: Finite = setting(0, "seconds added to the times before days are cut, 28800 for UTC+8")
    min_days: int = setting(4, "active days before the last two that a user must have", ge=0)
    days: int | None = setting(None, "calendar days used, the last of the log; None: all", ge=3)
    unseen_items: Literal["drop", "keep"] = setting(
        "drop", "what happens to items that training has not met"
    )


class TimeRule(Section):
    """Global cuts in time."""

    ratios: Shares | None = setting(
        None, "shares of all rows, oldest first", min_length=2, max_length=3
    )
    cuts: Cuts | None = setting(
        None, "times at which validation and test begin", min_length=1, max_length=2
    )
    unseen_items: Literal["drop", "keep"] = setting(
        "keep", "what happens to items that training has not met"
    )
    seed: int = setting(_SEED, "of the shuffle that halves the users where there is one cut", ge=0)

    @model_validator(mode="after")
    def _one_of_two(self) -> "TimeRule":
        if (self.ratios is None) == (self.cuts is None):
            raise ValueError("give either ratios or cuts")
        if self.cuts is not None and len(self.cuts) == 2 and self.cuts[0] >= self.cuts[1]:
            raise ValueError("write the earlier cut first")
        return self


class UserRule(Section):
    """Whole users are held out: ComiRec."""

    ratios: Shares = setting([8, 1, 1], "shares of the users", min_length=3, max_length=3)
    history: Finite = setting(
        0.8, "share of a held-out user's sequence that is its history", gt=0, lt=1
    )
    seed: int = setting(_SEED, "of the shuffle of the users", ge=0)


_PROTOCOLS = {
    "{'RS': [8, 1, 1]}": "ratios of each user's sequence",
    "{'LS': 'valid_and_test'}": "leave one out",
    "{'last_day': {'min_days': 4}}": "the log's last day and the day before, CMI and OPAL",
    "{'time': [8, 1, 1]}": "global cuts in time, by shares of all rows",
    "{'user': [8, 1, 1]}": "held-out users, ComiRec",
}
_FORMS = "write --eval_args=\"{'split': ...}\" with one of " + ", ".join(
    f"{form} ({meaning})" for form, meaning in _PROTOCOLS.items()
)
_FIXED = {"order": "TO", "group_by": "user", "mode": "full"}
_RULES: dict[str, type[Section]] = {"last_day": LastDayRule, "time": TimeRule, "user": UserRule}
_KINDS = ["RS", "LS", *_RULES]


def masks_history(settings: Mapping[str, Any]) -> bool:
    """Tell whether lists leave out what a user has met: `mask_history`, or what the protocol does.

    By default they do where many items are targets, and not where RecBole does not.
    """
    chosen = settings["mask_history"]
    return "LS" not in settings["eval_args"]["split"] if chosen is None else bool(chosen)


def normalised_eval_args(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the four keys of `eval_args`, with those that were left away filled in.

    RecBole would fill in a random order (RO), which lets a sequential model train on the future.
    """
    keys = [*_FIXED, "split"]
    for name in given:
        if name not in keys:
            raise _refusal(f"{name} is not a key{did_you_mean(str(name), keys)}")
    arguments = {"split": {"RS": [8, 1, 1]}} | _FIXED | dict(given)
    if arguments["mode"] == {"valid": "full", "test": "full"}:
        arguments["mode"] = "full"
    for name, value in _FIXED.items():
        if arguments[name] != value:
            raise _refusal(f"{name} must be {value} here, not {arguments[name]}")
    return arguments | {"split": _normalised_split(arguments["split"])}


def protocol_help() -> str:
    """Return what `--help` says of the protocols: forms, meanings, options with defaults."""
    lines = []
    for kind, (form, meaning) in zip(_KINDS, _PROTOCOLS.items(), strict=True):
        lines.append(f"  {form:30}  {meaning}")
        options = _RULES[kind].model_fields.items() if kind in _RULES else ()
        lines += [f"      {name}={field.default}: {field.description}" for name, field in options]
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
            raise _refusal(f"split {kind} is not a protocol{did_you_mean(str(kind), _KINDS)}")
    raise _refusal(f"split {split} is not supported")


def _options(kind: str, value: Any) -> dict[str, Any]:
    """Return all options of a protocol; a list stands for its ratios, None for no options."""
    if kind != "last_day" and isinstance(value, list | tuple):
        value = {"ratios": value}
    section = _RULES[kind]
    try:
        return section.model_validate({} if value is None else value).model_dump()
    except ValidationError as error:
        raise SettingsError(f"--eval_args: split {kind}: {_told(section, error)}.") from error


def _are_shares(ratios: Any) -> bool:
    with suppress(SettingsError):
        return bool(_options("user", {"ratios": ratios}))
    return False


def _told(section: type[Section], error: ValidationError) -> str:
    """Tell the first thing that is wrong with the options of a protocol."""
    detail = error.errors(include_url=False)[0]
    known = ", ".join(section.model_fields)
    if not detail["loc"]:
        why = detail.get("ctx", {}).get("error", f"{detail['input']} is no mapping")
        return f"{why}; its options are {known}"
    name = str(detail["loc"][0])
    if name not in section.model_fields:
        hint = did_you_mean(name, section.model_fields)
        return f"{name} is not an option{hint}; its options are {known}"
    shares = f"a list of {'2 or 3' if section is TimeRule else '3'} numbers such as [8, 1, 1]"
    lists = {"ratios": shares, "cuts": "a list of one or two times"}
    field = section.model_fields[name]
    wanted = detail.get("ctx", {}).get("error", f"write {lists.get(name) or allowed(field)}")
    return f"{name}={detail['input']} is not valid; {wanted} ({field.description})"


def _refusal(problem: str) -> SettingsError:
    return SettingsError(f"--eval_args: {problem}; {_FORMS}.")

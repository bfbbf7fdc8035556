"""The one grammar of all commands: `--key=value` or `--key value`, and words between them."""

import re
from collections.abc import Collection, Sequence

from recbole_opal.errors import SettingsError
from recbole_opal.suggest import did_you_mean, nearest

__all__ = ["read_arguments", "split_flags", "take_repeated"]

# What newcomers type, from the scripts of RecBole and its plugins.
_SHORT_FLAGS = {"-m": "model", "-d": "dataset", "-h": "help", "-v": "version", "-V": "version"}
_BARE = ("help", "version")  # flags without a value
_VERY_SIMILAR = 0.75
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_\-]*")
_NEGATIVE = re.compile(r"-\.?\d.*")


def read_arguments(
    argv: Sequence[str], switches: Collection[str] = ()
) -> tuple[list[str], dict[str, str]]:
    """Return the words, and the text of each flag; `-` in a flag's name counts as `_`.

    A flag of `switches` is True where neither `=` nor True nor False follows it.
    """
    words: list[str] = []
    flags: dict[str, str] = {}
    rest = list(argv)
    while rest:
        argument = rest.pop(0)
        _refuse_unreadable(argument)
        if not argument.startswith("-"):
            words.append(argument)
            continue
        typed, equals, text = argument.removeprefix("--").partition("=")
        if not argument.startswith("--") or not _NAME.fullmatch(typed):
            raise SettingsError(_how_to_write(argument, rest[:1]))
        name = typed.replace("-", "_")
        if name in _BARE:
            raise SettingsError(f"--{name} takes no value; write --{name}.")
        if not equals:
            text = _following(name, rest, name in switches)
        if flags.setdefault(name, text) != text:
            raise SettingsError(
                f"--{name} is given twice, as {flags[name]} and as {text}; keep one of them."
            )
    return words, flags


def take_repeated(argv: Sequence[str], name: str) -> tuple[list[str], list[str]]:
    """Return the values of a flag that may be given several times, and the other arguments."""
    values: list[str] = []
    others: list[str] = []
    rest = list(argv)
    while rest:
        argument = rest.pop(0)
        flag, equals, text = argument.partition("=")
        if flag != f"--{name}":
            others.append(argument)
            continue
        _refuse_unreadable(argument)
        values.append(text if equals else _following(name, rest, is_switch=False))
    return values, others


def split_flags(argv: Sequence[str], switches: Collection[str] = ()) -> dict[str, str]:
    """Return the text of each flag of a command that takes no words; see `read_arguments`."""
    words, flags = read_arguments(argv, switches)
    if words:
        raise SettingsError(_how_to_write(words[0], ()))
    return flags


def _following(name: str, rest: list[str], is_switch: bool) -> str:
    """Take the value that stands behind a flag after a space."""
    value = rest[0] if rest else "-"
    if is_switch and value.lower() not in ("true", "false"):
        return "True"
    if nearest(name, _BARE, _VERY_SIMILAR):
        raise SettingsError(f"--{name} is not a flag{did_you_mean(name, _BARE, '--')}")
    if value.startswith("-") and not _NEGATIVE.fullmatch(value):
        raise SettingsError(
            f"--{name} needs its value; write --{name}=VALUE, and True or False for a switch."
        )
    _refuse_unreadable(value)
    return rest.pop(0)


def _refuse_unreadable(argument: str) -> None:
    """Refuse what no text and no path may hold: bytes that are not UTF-8, and NUL."""
    if "\0" in argument or any("\ud800" <= sign <= "\udfff" for sign in argument):
        raise SettingsError(f"'{argument}' holds bytes that are no text in UTF-8; retype it.")


def _how_to_write(argument: str, following: Sequence[str]) -> str:
    """Say what is wrong with an argument that is no flag, and what to write."""
    bare, _, given = argument.partition("=")
    value = given or next((word for word in following if not word.startswith("-")), "VALUE")
    if bare in _SHORT_FLAGS:
        right = _SHORT_FLAGS[bare]
        right += "" if right in _BARE else f"={value}"
        return f"{bare} is not a flag here; write --{right}."
    if argument.startswith("--") and "=" in argument:
        return f"'{argument}' has no proper name before '='; write --key=value."
    if argument.startswith("-") and _NAME.fullmatch(bare.lstrip("-")):
        return f"{argument} is not a flag here; write --{bare.lstrip('-')}={value}."
    return (
        f"'{argument}' is not a flag; write --key=value, with quotes around a value that holds "
        "spaces."
    )

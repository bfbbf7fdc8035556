"""The form of a command's arguments: `--key=value`, or an error with the right spelling."""

import re
from collections.abc import Sequence

from recbole_opal.errors import SettingsError
from recbole_opal.suggest import did_you_mean, nearest

__all__ = ["refuse_unreadable", "split_flags"]

# What newcomers type, from the scripts of RecBole and its plugins.
_SHORT_FLAGS = {
    **{"-m": "--model", "-d": "--dataset", "-h": "--help"},
    **{"-v": "--version", "-V": "--version"},
}
_SWITCHES = ("help", "version")  # flags without a value
_VERY_SIMILAR = 0.75
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_\-]*")


def split_flags(argv: Sequence[str]) -> dict[str, str]:
    """Return the text behind each flag's first `=`.

    Args:
        argv: the arguments, all of the form `--key=value`.

    Raises:
        SettingsError: an argument is not of that form, or a flag has two values.
    """
    texts: dict[str, str] = {}
    for position, argument in enumerate(argv):
        refuse_unreadable(argument)
        name, equals, text = argument.removeprefix("--").partition("=")
        if not (argument.startswith("--") and equals and _NAME.fullmatch(name)):
            raise SettingsError(_how_to_write(argument, argv[position + 1 : position + 2]))
        if name in _SWITCHES:
            raise SettingsError(f"--{name} takes no value; write --{name}.")
        if texts.setdefault(name, text) != text:
            raise SettingsError(
                f"--{name} is given twice, as {texts[name]} and as {text}; keep one of them."
            )
    return texts


def refuse_unreadable(argument: str) -> None:
    """Refuse what no text and no path may hold.

    Args:
        argument: of a command.

    Raises:
        SettingsError: it holds bytes that are not UTF-8, or NUL.
    """
    if "\0" in argument or any("\ud800" <= sign <= "\udfff" for sign in argument):
        raise SettingsError(f"'{argument}' holds bytes that are no text in UTF-8; retype it.")


def _how_to_write(argument: str, following: Sequence[str]) -> str:
    """Say what is wrong with an argument that is not `--key=value`, and what to write."""
    value = following[0] if following and not following[0].startswith("-") else "VALUE"
    bare = argument.partition("=")[0]
    if bare in _SHORT_FLAGS:
        given = argument.partition("=")[2] or value
        right = _SHORT_FLAGS[bare]
        right += "" if right[2:] in _SWITCHES else f"={given}"
        return f"{bare} is not a flag here; write {right}."
    if argument.startswith("--") and argument.partition("=")[1]:
        return f"'{argument}' has no proper name before '='; write --key=value."
    if argument.startswith("--") and nearest(argument[2:], _SWITCHES, _VERY_SIMILAR):
        return f"{argument} is not a flag{did_you_mean(argument[2:], _SWITCHES, '--')}"
    if argument.startswith("--") and _NAME.fullmatch(argument[2:]):
        return f"{argument} needs its value behind '='; write {argument}={value} without a space."
    if argument.startswith("-") and _NAME.fullmatch(argument.lstrip("-").partition("=")[0]):
        name, _, given = argument.lstrip("-").partition("=")
        return f"{argument} is not a flag here; write --{name}={given or value}."
    return (
        f"'{argument}' is not a flag; write --key=value without spaces, "
        "or with quotes around a value that holds spaces."
    )

"""Where settings come from: a message blames the file that holds a setting, not a flag."""

import re
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager

from recbole_opal.errors import OpalError

__all__ = ["naming"]

_FLAG = re.compile(r"(?<![\w-])--(\w+)(=?)")


@contextmanager
def naming(places: Mapping[str, str], may_change: Collection[str] | None = None) -> Iterator[None]:
    """Name the file of each setting that an error of the block blames.

    Messages call a setting by its flag, `--name`. Where the setting came from a file, nobody typed
    that flag, so it becomes `FILE: name: value`. What a message blames stands before its first
    semicolon; what it recommends stands behind and stays a flag, since flags win over files.
    `places` is read when an error comes, and may be filled until then. Where `may_change` names the
    only settings that can be given, as when a run is continued, advice to give others is left out.
    """
    try:
        yield
    except OpalError as error:
        if error.args and isinstance(error.args[0], str):
            message = error.args[0]
            if may_change is not None:
                message = _followable(message, {*may_change, "help"})  # which is no setting
            error.args = (_named(message, places), *error.args[1:])
        raise


def _named(message: str, places: Mapping[str, str]) -> str:
    """Write the blamed settings that came from files as those files do."""
    blamed = {name for name, _ in _FLAG.findall(message.partition(";")[0])} & set(places)
    told = ""

    def name(match: re.Match[str]) -> str:
        nonlocal told
        if match[1] not in blamed:
            return match[0]
        place = places[match[1]]
        prefix, told = "" if place == told else f"{place}: ", place
        return f"{prefix}{match[1]}{': ' if match[2] else ''}"

    return _FLAG.sub(name, message)


def _followable(message: str, may_be_given: Collection[str]) -> str:
    """Leave out the advice that names settings which cannot be given."""

    def refused(text: str) -> list[str]:
        return [name for name, _ in _FLAG.findall(text) if name not in may_be_given]

    problem, _, advice = message.partition(";")
    if not refused(advice):
        return message
    ways = [way.strip() for way in re.split(r",? or ", advice.rstrip(".")) if not refused(way)]
    if ways:
        return f"{problem}; {' or '.join(ways)}."
    setting = refused(advice)[0]
    return f"{problem}; {setting} cannot change when a run is continued, so start a new run."

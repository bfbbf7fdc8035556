"""The flags that a data set has of its own."""

from collections.abc import Mapping

from recbole_opal.errors import SettingsError
from recbole_opal.suggest import did_you_mean

__all__ = ["WATCH_RATIO", "check_options", "choice", "switch"]

WATCH_RATIO = "smallest share of the video that counts, for the rules by watch ratio"

_YES = ("true", "yes", "1")
_NO = ("false", "no", "0")


def check_options(options: Mapping[str, str], known: Mapping[str, str], layout: str) -> None:
    """Refuse an option that the data set does not have.

    Raises:
        SettingsError: naming it and those it could be.
    """
    for name in options:
        if name not in known:
            flags = ", ".join(f"--{each}" for each in known) or "none"
            hint = did_you_mean(name, known, "--") or f"; its own flags are {flags}."
            raise SettingsError(f"--{name} is no flag of {layout}{hint}")


def choice(options: Mapping[str, str], name: str, known: tuple[str, ...]) -> str:
    """Return an option that is one of several words, by default the first.

    Raises:
        SettingsError: it is none of them.
    """
    given = options.get(name, known[0])
    if given not in known:
        raise SettingsError(f"--{name}={given}: choose from {', '.join(known)}.")
    return given


def switch(options: Mapping[str, str], name: str, default: bool) -> bool:
    """Return an option that is True or False.

    Raises:
        SettingsError: it is neither.
    """
    given = options.get(name, str(default)).lower()
    if given not in _YES + _NO:
        raise SettingsError(f"--{name}={options[name]}: write True or False.")
    return given in _YES

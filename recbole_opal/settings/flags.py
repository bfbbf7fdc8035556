"""What the flags of all commands but `run` have in common."""

from collections.abc import Collection, Mapping

from recbole_opal.errors import SettingsError
from recbole_opal.settings.fields import Section
from recbole_opal.settings.values import parse_value
from recbole_opal.suggest import did_you_mean

__all__ = ["described", "refuse_unknown", "truth"]


def refuse_unknown(flags: Mapping[str, str], known: Collection[str], command: str) -> None:
    """Check that a command has all flags that it was given.

    Args:
        flags: the texts of the flags, by name.
        known: names of the command's flags.
        command: its name.

    Raises:
        SettingsError: it has not; the nearest name is told.
    """
    unknown = next((name for name in flags if name not in known), None)
    if unknown is not None:
        hint = did_you_mean(unknown, known, "--") or f"; choose from {', '.join(known)}."
        raise SettingsError(f"--{unknown} is not a flag of {command}{hint}")


def described(section: type[Section]) -> list[str]:
    """Return a line of help for each field of a section, with its default."""
    fields = section.model_fields.items()
    return [f"  --{name}: {field.description}; default: {field.default}" for name, field in fields]


def truth(flags: Mapping[str, str], name: str, default: bool) -> bool:
    """Return the value of a flag that is True or False.

    Args:
        flags: the texts of the flags, by name.
        name: of the flag.
        default: where it was not given.

    Raises:
        SettingsError: the text is neither.
    """
    value = parse_value(flags[name]) if name in flags else default
    if not isinstance(value, bool):
        raise SettingsError(f"--{name}={flags[name]} must be True or False.")
    return value

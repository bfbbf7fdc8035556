"""Paths as they are typed."""

from pathlib import Path

from recbole_opal.errors import SettingsError

__all__ = ["home_path"]


def home_path(text: str) -> Path:
    """Return a path in which `~` or `~name` at the beginning is replaced by a home folder.

    Args:
        text: what was typed.

    Raises:
        SettingsError: nobody of that name has a home folder.
    """
    try:
        return Path(text).expanduser()
    except RuntimeError as error:
        raise SettingsError(
            f"{text!r} begins with the home folder of nobody; write the whole path."
        ) from error

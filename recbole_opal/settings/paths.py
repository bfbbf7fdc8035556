"""Paths as they are typed, and what makes a text none."""

import os
from pathlib import Path
from unicodedata import category

from recbole_opal.errors import SettingsError

__all__ = ["SAVED", "checked_path", "home_path", "path_problem", "run_path"]

SAVED = "saved"
"""The folder of runs where no other is set."""

_NO_TEXT = {"Cc", "Cs", "Zl", "Zp"}  # the last line of a command would not be its last
_LONGEST_PATH, _LONGEST_NAME = 3500, 255  # bytes; Linux takes 4095, and what lies below adds


def home_path(text: str) -> Path:
    """Return a path in which `~` or `~name` at the beginning is replaced by a home folder."""
    try:
        return Path(text).expanduser()
    except RuntimeError as error:
        raise SettingsError(
            f"{text!r} begins with the home folder of nobody; write the whole path."
        ) from error


def checked_path(text: str, flag: str) -> Path:
    """Return a path that the system can look up, whether something is there or not."""
    why = path_problem(text)
    if why:
        raise SettingsError(f"--{flag}={text} is no path; {why}.")
    return home_path(text)


def run_path(text: str) -> Path:
    """Return the folder of a run or a bundle by its path, or by its name in `saved`."""
    path = checked_path(text, "RUN")
    known = Path(SAVED) / path
    return known if not path.exists() and known.is_dir() else path


def path_problem(text: str) -> str:
    """Return what to do about a text that no file or folder can be called, else nothing."""
    if any(category(sign) in _NO_TEXT for sign in text):
        return "take the line breaks, control characters and bytes that are no UTF-8 out"
    try:
        Path(text).expanduser()
    except RuntimeError:
        return "nobody of that name has a home folder, write the whole path"
    whole = os.path.abspath(text)  # noqa: PTH100, which follows no link
    longest = max((len(os.fsencode(part)) for part in Path(text).parts), default=0)
    if len(os.fsencode(whole)) > _LONGEST_PATH or longest > _LONGEST_NAME:
        return f"shorten it, a name may have {_LONGEST_NAME} bytes and a path {_LONGEST_PATH}"
    return ""

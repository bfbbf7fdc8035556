"""Raw item ids that a flag names: a file of them, or the ids themselves."""

from __future__ import annotations

import os
from pathlib import Path

from recbole_opal.errors import DataError, SettingsError

__all__ = ["item_list"]

_ENDINGS = (".csv", ".gz", ".json", ".jsonl", ".lst", ".npy", ".parquet", ".tsv", ".txt")


def item_list(text: str, flag: str) -> list[str]:
    """Return the ids of a file with one a line, or those of a text with commas between.

    Args:
        text: the path or the ids.
        flag: that it belongs to, for messages.

    Raises:
        SettingsError: it reads as a path, and no file is there; or there is no id.
        DataError: the file cannot be read as UTF-8.
    """
    path = Path(text)
    if path.is_file():
        ids = _lines(path)
    elif os.sep in text or len(path.parts) > 1 or path.suffix.lower() in _ENDINGS:
        raise SettingsError(
            f"--{flag}={text}: there is no such file; give one with an id a line, or ids as a,b."
        )
    else:
        ids = text.split(",")
    ids = [one.strip() for one in ids if one.strip()]
    if not ids:
        raise SettingsError(f"--{flag}={text} names no item; leave it away, or give ids as a,b.")
    return ids


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8-sig").split("\n")
    except UnicodeDecodeError as error:
        raise DataError(
            f"{path} cannot be read as UTF-8; write a text with one id a line."
        ) from error
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise DataError(f"cannot read {path} ({reason}); check the path and its rights.") from error

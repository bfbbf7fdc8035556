"""Where a bundle may be made."""

from __future__ import annotations

import os
from pathlib import Path

from recbole_opal.errors import CheckpointError, SettingsError
from recbole_opal.runs import RunReader
from recbole_opal.runs.creation import mend
from recbole_opal.runs.manifest import MANIFEST_NAME
from recbole_opal.serving.bundle_format import BUNDLE_NAME

__all__ = ["check_destination"]


def check_destination(out: Path, *, replace: bool) -> bool:
    """Return whether a bundle is there that is to be replaced.

    Raises:
        SettingsError: something is there that is not to be replaced, or is no bundle.
    """
    if out.is_symlink():
        raise SettingsError(f"--out={out} is a link; name the folder that it leads to.")
    try:
        if out.name:  # neither / nor .
            mend(out)
        there = out.exists()
    except OSError as error:
        raise SettingsError(f"--out={out} cannot be looked at ({error.strerror}).") from error
    if not there:
        _check_parent(out)
        return False
    if not _is_bundle(out):
        raise SettingsError(f"--out={out} is there already and is no bundle; choose another name.")
    if not replace:
        raise SettingsError(
            f"--out={out} is a bundle already; replace it with --replace=True, or choose another "
            "name."
        )
    written = {*RunReader.open(out).names, MANIFEST_NAME}
    others = sorted(path.name for path in out.iterdir() if path.name not in written)
    if others:
        raise SettingsError(
            f"--out={out} holds {others[0]}, which is no file of the bundle; move it away, for "
            "what is replaced is removed."
        )
    return True


def _check_parent(out: Path) -> None:
    """Refuse a place in which no folder can be made, before minutes are spent on its files."""
    nearest = next(folder for folder in out.absolute().parents if folder.exists())
    if not nearest.is_dir():
        raise SettingsError(f"--out={out}: {nearest} is a file; choose another place.")
    if (nearest / MANIFEST_NAME).exists():
        raise SettingsError(
            f"--out={out} would lie in the run or the bundle {nearest}; choose another place."
        )
    if not os.access(nearest, os.W_OK | os.X_OK):
        raise SettingsError(
            f"--out={out}: nothing may be written in {nearest}; make the folder writable, or "
            "choose another place."
        )


def _is_bundle(out: Path) -> bool:
    try:
        return BUNDLE_NAME in RunReader.open(out).names
    except (CheckpointError, OSError):
        return False

"""The commands to go on with, ready to be pasted into a shell."""

from __future__ import annotations

import shlex
from pathlib import Path

__all__ = ["describe_command", "train_command"]

_SCRIPT = Path("run_opal.py")


def describe_command(folder: Path) -> str:
    """Return the command that describes a data set.

    Args:
        folder: of the data set.
    """
    return shlex.join(["python", "-m", "recbole_opal", "describe", folder.name, *_place(folder)])


def train_command(folder: Path) -> str:
    """Return the command that trains on a data set; the script's where it stands in this folder.

    Args:
        folder: of the data set.
    """
    program = [str(_SCRIPT)] if _SCRIPT.is_file() else ["-m", "recbole_opal", "run"]
    return shlex.join(["python", *program, f"--dataset={folder.name}", *_place(folder)])


def _place(folder: Path) -> list[str]:
    parent = folder.parent
    if parent == Path("dataset"):  # the default
        return []
    # A folder `~x` of this folder would be taken for somebody's home.
    return [f"--data_path={parent.absolute() if str(parent).startswith('~') else parent}"]

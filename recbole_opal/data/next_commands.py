"""The commands to go on with, ready to be pasted into a shell."""

from __future__ import annotations

from pathlib import Path

from recbole_opal.process.program import command

__all__ = ["describe_command", "train_command"]


def describe_command(folder: Path) -> str:
    """Return the command that describes a data set.

    Args:
        folder: of the data set.
    """
    return command(folder.name, *_place(folder), name="describe")


def train_command(folder: Path) -> str:
    """Return the command that trains on a data set.

    Args:
        folder: of the data set.
    """
    return command(f"--dataset={folder.name}", *_place(folder))


def _place(folder: Path) -> list[str]:
    parent = folder.parent
    if parent == Path("dataset"):  # the default
        return []
    # A folder `~x` of this folder would be taken for somebody's home.
    return [f"--data_path={parent.absolute() if str(parent).startswith('~') else parent}"]

"""Flags and commands that mend what a message tells of, as they are typed in a shell."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from recbole_opal.process.program import command

__all__ = ["convert_command", "load_col_flag", "unpack_command"]


def load_col_flag(columns: Mapping[str, Any]) -> str:
    """Return the flag that names the columns to read, by the ending of their file."""
    return f'--load_col="{columns}"'


def convert_command(path: Path, columns: Sequence[str], encoding: str = "utf-8") -> str:
    """Return the command that makes a data set with readable times out of a file.

    The columns are of users, items and times, as its first line has them; without times the rows
    stand in their order.
    """
    roles = zip(("user", "item", "time"), columns, strict=False)
    flags = [f"--out={path.parent.parent / f'{path.stem}-converted'}"]
    flags += [f"--{role}={column}" for role, column in roles]
    if len(columns) == 2:
        flags.append("--order=file")
    if encoding.lower().replace("_", "-") not in ("utf-8", "utf8", "utf-8-sig"):
        flags.append(f"--encoding={encoding}")
    return command(str(path), *flags, name="convert")


def unpack_command(tool: str, path: Path, target: Path | None = None) -> str:
    """Return the command that unpacks a file by a tool as `gunzip`; without a target in place."""
    name, new = shlex.quote(str(path)), shlex.quote(str(target or f"{path}.new"))
    unpacking = f"unzip -p {name} > {new}" if tool == "unzip" else f"{tool} < {name} > {new}"
    return unpacking if target else f"{unpacking} && mv {new} {name}"

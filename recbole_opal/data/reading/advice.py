"""What to do about a file that cannot be read as it is, in words that work when followed."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from recbole_opal.process.program import command

__all__ = [
    "COLUMN_NAMES",
    "convert_command",
    "header_fault",
    "is_number",
    "likely_column",
    "load_col_flag",
    "separator_flag",
    "unpack_command",
]

_SEPARATORS = {"\t": "tabs", ",": "commas", ";": "semicolons", "|": "bars", " ": "blanks"}
_TYPED = re.compile(r"[^:]+:(token|float)(_seq)?")
_NUMBERS = re.compile("time|date|rating|score|price|^ts$", re.IGNORECASE)
COLUMN_NAMES = {
    "user": re.compile("user|uid|member|customer|visitor", re.IGNORECASE),
    "item": re.compile("item|video|movie|photo|feed|clip|product|iid", re.IGNORECASE),
    "time": re.compile("time|date|^ts$", re.IGNORECASE),
}
"""What a column may be called in other people's files, by what it is for."""
_LONGEST = 500  # characters of a header that is shown whole
_USUAL = ["user_id:token", "item_id:token", "timestamp:float"]
_RATED = [*_USUAL[:2], "rating:float", *_USUAL[2:]]
_STREAMS = {"unzip": "unzip -p {} > {}"}


def header_fault(line: str, separator: str, path: Path) -> str:
    """Say what is wrong with a first line that is no list of name:type, and what to do.

    Args:
        line: without its end.
        separator: that columns are divided by, as the settings have it.
        path: of the file.
    """
    for other, name in _SEPARATORS.items():
        parts = line.split(other)
        if other != separator and len(parts) > 1 and all(map(_TYPED.fullmatch, parts)):
            return f"its columns are divided by {name}; write {separator_flag(other)}."
    best = max([separator, *_SEPARATORS], key=line.count)
    best = best if best in line else separator
    names = line.split(best)
    if ":" in line or not line.strip() or len(line) > _LONGEST:
        example = separator.join(_USUAL)
        wrong = next((name for name in names if not _TYPED.fullmatch(name)), line)
        return (
            f"the header must name columns as name:type, not {wrong[:40]!r}, for example {example}."
        )
    if '"' in line:
        bare = [name.strip('"') for name in names]
        roles = [likely_column(bare, role) for role in COLUMN_NAMES]
        return (
            "the header has no types and the fields are in quotes; convert the file with "
            f"`{convert_command(path, roles)}`."
        )
    flag = "" if best == separator else f", and {separator_flag(best)}"
    if any(map(is_number, names)):
        usual = _RATED if len(names) == len(_RATED) else _USUAL
        more = [f"column_{number}:token" for number in range(len(usual) + 1, len(names) + 1)]
        header = best.join([*usual, *more][: max(len(names), 1)])
        return f"there is no header; put one above this line, for example {header}{flag}."
    typed = best.join(f"{name}:{'float' if _NUMBERS.search(name) else 'token'}" for name in names)
    return f"the header has no types; write it as name:type, {typed}{flag}."


def separator_flag(separator: str) -> str:
    """Return the flag that names a separator, as it is typed in a shell.

    Args:
        separator: one character.
    """
    shown = "\\t" if separator == "\t" else separator
    return f'--field_separator="{shown}"'


def convert_command(path: Path, columns: Sequence[str], encoding: str = "utf-8") -> str:
    """Return the command that makes a data set with readable times out of a file.

    Args:
        path: of the file.
        columns: of users, items and times, as its first line has them; without times the rows
            stand in their order.
        encoding: of the file.
    """
    out = path.parent.parent / f"{path.stem}-converted"
    flags = [f"--out={out}"]
    flags += [
        f"--{role}={column}"
        for role, column in zip(("user", "item", "time"), columns, strict=False)
    ]
    if len(columns) == 2:
        flags.append("--order=file")
    if encoding.lower().replace("_", "-") not in ("utf-8", "utf8", "utf-8-sig"):
        flags.append(f"--encoding={encoding}")
    return command(str(path), *flags, name="convert")


def likely_column(names: Sequence[str], role: str) -> str:
    """Return the column that may be for users, items or times; a word in capitals where none is.

    Args:
        names: of the columns.
        role: a key of `COLUMN_NAMES`, or the setting that names the column, as `USER_ID_FIELD`.
    """
    role = role.partition("_")[0].lower()
    return next(
        (name for name in names if COLUMN_NAMES[role].search(name)), f"{role.upper()}_COLUMN"
    )


def load_col_flag(columns: Mapping[str, Any]) -> str:
    """Return the flag that names the columns to read, as it is typed in a shell.

    Args:
        columns: ending of a file to names.
    """
    return f'--load_col="{columns}"'


def unpack_command(tool: str, path: Path, target: Path | None = None) -> str:
    """Return the command that unpacks a compressed file, whatever its name.

    Args:
        tool: as `gunzip`.
        path: of the file.
        target: what it becomes; None: it is replaced.
    """
    name, new = shlex.quote(str(path)), shlex.quote(str(target or f"{path}.new"))
    unpacking = _STREAMS.get(tool, tool + " < {} > {}").format(name, new)
    return unpacking if target else f"{unpacking} && mv {new} {name}"


def is_number(text: str) -> bool:
    """Tell whether a field may stand in a column of numbers.

    Args:
        text: of the field.
    """
    try:
        float(text)
    except ValueError:
        return False
    return True

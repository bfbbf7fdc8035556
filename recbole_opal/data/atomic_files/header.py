"""The first line of an atomic file: `user_id:token<TAB>item_id:token<TAB>timestamp:float`."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from recbole_opal.data.atomic_files.suggested_commands import convert_command
from recbole_opal.data.atomic_files.text_lines import line_blocks
from recbole_opal.errors import DataError
from recbole_opal.suggest import did_you_mean, nearest

__all__ = [
    "COLUMN_NAMES",
    "KINDS",
    "Column",
    "is_number",
    "parse_header",
    "read_header",
    "require_columns",
]

KINDS = ("token", "token_seq", "float", "float_seq")
COLUMN_NAMES = {
    "user": re.compile("user|uid|member|customer|visitor", re.IGNORECASE),
    "item": re.compile("item|video|movie|photo|feed|clip|product|iid", re.IGNORECASE),
    "time": re.compile("time|date|^ts$", re.IGNORECASE),
}
"""What a column may be called in other people's files, by what it is for."""
_SEPARATORS = {"\t": "tabs", ",": "commas", ";": "semicolons", "|": "bars", " ": "blanks"}
_TYPED = re.compile(r"[^:]+:(token|float)(_seq)?")
_NUMBERS = re.compile("time|date|rating|score|price|^ts$", re.IGNORECASE)
_LONGEST = 500  # characters of a header that is shown whole
_USUAL = ["user_id:token", "item_id:token", "timestamp:float"]
_RATED = [*_USUAL[:2], "rating:float", *_USUAL[2:]]


@dataclass(frozen=True)
class Column:
    """A column of an atomic file: its name before the colon, and its kind, one of `KINDS`."""

    name: str
    kind: str

    def __str__(self) -> str:
        """Return the column as the header has it."""
        return f"{self.name}:{self.kind}"


def read_header(path: Path, separator: str, encoding: str) -> list[Column]:
    """Read the columns of an atomic file."""
    for block, _ in line_blocks(path, encoding):
        return parse_header(block[: block.index(b"\n")].decode(), separator, path)
    example = separator.join(_USUAL)
    raise DataError(f"{path} is empty; write a header such as {example} and one row a line below.")


def parse_header(line: str, separator: str, path: Path) -> list[Column]:
    """Parse the first line of an atomic file, without its end."""
    fields = line.split(separator)
    if not all(field.count(":") == 1 and not field.startswith(":") for field in fields):
        raise DataError(f"{path}, line 1: {_header_fault(line, separator, path)}")
    columns = [Column(*field.split(":")) for field in fields]
    names = [column.name for column in columns]
    for place, column in enumerate(columns):
        where = f"{path}, line 1: the column {column.name}"
        if column.kind not in KINDS:
            hint = did_you_mean(column.kind, KINDS) or f"; write one of {', '.join(KINDS)}."
            raise DataError(f"{where} has the type {column.kind!r}, which is none{hint}")
        if column.name in names[:place]:
            raise DataError(f"{where} stands twice; rename or remove one.")
    return columns


def require_columns(
    columns: Sequence[Column],
    wanted: Mapping[str, str | None],
    path: Path,
    fix: str,
    flags: Mapping[str, str] | None = None,
) -> None:
    """Refuse a header without the wanted columns, or with another type of them; None is any type.

    `fix` is what to do about a missing column that has no near name; `flags` are the settings that
    name columns.
    """
    kinds = {column.name: column.kind for column in columns}
    for name, kind in wanted.items():
        if name not in kinds:
            hint = did_you_mean(name, kinds)
            if flags and name in flags:
                role = flags[name].partition("_")[0].lower()  # of `USER_ID_FIELD`: `user`
                other = nearest(name, kinds) or _likely_column(list(kinds), role)
                fix = f"add it, or name another, for example --{flags[name]}={other}."
                hint = hint and f"{hint} Then write --{flags[name]}={other}."
            raise DataError(
                f"{path}, line 1: the column {name} is missing among {', '.join(kinds)}"
                f"{hint or '; ' + fix}"
            )
        if kind is not None and kinds[name] != kind:
            reason = " is no number" if kind == "float" else " is no plain id"
            raise DataError(
                f"{path}, line 1: {name}:{kinds[name]}{reason}; write the column as {name}:{kind}."
            )


def is_number(text: str) -> bool:
    """Tell whether a field may stand in a column of numbers."""
    try:
        float(text)
    except ValueError:
        return False
    return True


def _header_fault(line: str, separator: str, path: Path) -> str:
    """Say what is wrong with a first line that is no list of name:type, and what to do."""
    for other, name in _SEPARATORS.items():
        parts = line.split(other)
        if other != separator and len(parts) > 1 and all(map(_TYPED.fullmatch, parts)):
            return f"its columns are divided by {name}; write {_separator_flag(other)}."
    best = max([separator, *_SEPARATORS], key=line.count)
    best = best if best in line else separator
    names = line.split(best)
    if ":" in line or not line.strip() or len(line) > _LONGEST:
        wrong = next((name for name in names if not _TYPED.fullmatch(name)), line)
        return (
            f"the header must name columns as name:type, not {wrong[:40]!r}, for example "
            f"{separator.join(_USUAL)}."
        )
    if '"' in line:
        bare = [name.strip('"') for name in names]
        convert = convert_command(path, [_likely_column(bare, role) for role in COLUMN_NAMES])
        return (
            "the header has no types and the fields are in quotes; convert the file with "
            f"`{convert}`."
        )
    flag = "" if best == separator else f", and {_separator_flag(best)}"
    if any(map(is_number, names)):
        usual = _RATED if len(names) == len(_RATED) else _USUAL
        more = [f"column_{number}:token" for number in range(len(usual) + 1, len(names) + 1)]
        header = best.join([*usual, *more][: max(len(names), 1)])
        return f"there is no header; put one above this line, for example {header}{flag}."
    typed = best.join(f"{name}:{'float' if _NUMBERS.search(name) else 'token'}" for name in names)
    return f"the header has no types; write it as name:type, {typed}{flag}."


def _likely_column(names: Sequence[str], role: str) -> str:
    """Return the column that may have a role; a word in capitals where none is."""
    found = (name for name in names if COLUMN_NAMES[role].search(name))
    return next(found, f"{role.upper()}_COLUMN")


def _separator_flag(separator: str) -> str:
    """Return the flag that names what stands between columns."""
    shown = "\\t" if separator == "\t" else separator
    return f'--field_separator="{shown}"'

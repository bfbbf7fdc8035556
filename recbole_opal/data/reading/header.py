"""The first line of an atomic file: `user_id:token<TAB>item_id:token<TAB>timestamp:float`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from recbole_opal.data.reading.advice import header_fault, likely_column
from recbole_opal.data.reading.lines import line_blocks
from recbole_opal.errors import DataError
from recbole_opal.suggest import did_you_mean, nearest

__all__ = ["KINDS", "Column", "parse_header", "read_header", "require_columns"]

KINDS = ("token", "token_seq", "float", "float_seq")


@dataclass(frozen=True)
class Column:
    """A column of an atomic file.

    Attributes:
        name: the part of the header before the colon.
        kind: one of `KINDS`.
    """

    name: str
    kind: str


def read_header(path: Path, separator: str, encoding: str) -> list[Column]:
    """Read the columns of an atomic file.

    Args:
        path: of the file.
        separator: between two columns.
        encoding: of the file.

    Raises:
        DataError: the file cannot be read, is empty, or its header is malformed.
    """
    for block, _ in line_blocks(path, encoding):
        return parse_header(block[: block.index(b"\n")].decode(), separator, path)
    raise DataError(
        f"{path} is empty; write a header such as {_example(separator)} and one row a line below."
    )


def parse_header(line: str, separator: str, path: Path) -> list[Column]:
    """Parse the first line of an atomic file.

    Args:
        line: without its end.
        separator: between two columns.
        path: of the file, for the message.

    Raises:
        DataError: a field is not of the form name:type, has an unknown type, or stands twice.
    """
    fields = line.split(separator)
    if not all(field.count(":") == 1 and not field.startswith(":") for field in fields):
        raise DataError(f"{path}, line 1: {header_fault(line, separator, path)}")
    columns = [Column(*field.split(":")) for field in fields]
    seen: set[str] = set()
    for column in columns:
        if column.kind not in KINDS:
            hint = did_you_mean(column.kind, KINDS) or f"; write one of {', '.join(KINDS)}."
            raise DataError(
                f"{path}, line 1: the column {column.name} has the type {column.kind!r}, which is "
                f"none{hint}"
            )
        if column.name in seen:
            raise DataError(
                f"{path}, line 1: the column {column.name} stands twice; rename or remove one."
            )
        seen.add(column.name)
    return columns


def require_columns(
    columns: Sequence[Column],
    wanted: Mapping[str, str | None],
    path: Path,
    fix: str,
    flags: Mapping[str, str] | None = None,
) -> None:
    """Refuse a header without some columns, or with another type of them.

    Args:
        columns: those of the file.
        wanted: name to type, None for any.
        path: of the file, for the message.
        fix: what to do about a missing column that has no near name.
        flags: of a column, the setting that names it.

    Raises:
        DataError: see above.
    """
    kinds = {column.name: column.kind for column in columns}
    for name, kind in wanted.items():
        if name not in kinds:
            hint = did_you_mean(name, kinds)
            if flags and name in flags:
                other = nearest(name, kinds) or likely_column(list(kinds), flags[name])
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


def _example(separator: str) -> str:
    return separator.join(["user_id:token", "item_id:token", "timestamp:float"])

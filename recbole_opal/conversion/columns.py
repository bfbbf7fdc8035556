"""Further columns of a data set, with their types in RecBole."""

import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from recbole_opal.errors import SettingsError

__all__ = ["Column", "FieldType", "fields_to_name", "parse_columns"]

FieldType = Literal["token", "token_seq", "float", "float_seq"]

# The colon and the tab divide a header; no other white space than a blank can be seen in it.
_NO_NAME = re.compile(r"[:\x00-\x1f\x7f-\x9f\ud800-\udfff\ufeff]|[^\S ]")
_RESERVED = ("user_id", "item_id", "timestamp")


@dataclass(frozen=True)
class Column:
    """A further column of an atomic file, by its name there and its type in RecBole."""

    name: str
    type: FieldType
    # Between the elements of a list, where it is not that of all columns; empty: they are words as
    # RecBole divides them, to be taken as they stand.
    separator: str | None = None

    @property
    def header(self) -> str:
        """The column in RecBole's header, as `tag:token_seq`."""
        return f"{self.name}:{self.type}"


def parse_columns(text: str, flag: str) -> tuple[Column, ...]:
    """Read `name:type,name:type`, typed behind a flag, with RecBole's field types.

    The type `text` is a list of words.

    Raises:
        SettingsError: no type, an unknown type, a name twice, or one that no further column of an
            atomic file can have.
    """
    columns = []
    for part in text.split(","):
        name, colon, kind = part.strip().rpartition(":")
        separator = " " if kind == "text" else None
        kind = "token_seq" if kind == "text" else kind
        if not (colon and name) or kind not in get_args(FieldType):
            raise SettingsError(
                f"--{flag}: '{part}' is not a column with its type; write for example "
                f"--{flag}=category:token,duration:float ({', '.join(get_args(FieldType))}, text)."
            )
        _check_field_name(name, flag)
        columns.append(Column(name, kind, separator))  # type: ignore[arg-type]
    if len({column.name for column in columns}) < len(columns):
        raise SettingsError(f"--{flag}={text} names a column twice; keep one of them.")
    return tuple(columns)


def fields_to_name(names: Sequence[str], item: str) -> str:
    """Return `--fields=` with the first columns of a table of items that can be fields."""
    found: list[Column] = []
    for name in names:
        try:
            found += parse_columns(f"{name}:token", "fields") if name != item else ()
        except SettingsError:  # a name that no field can have
            continue
    return f"--fields={shlex.quote(','.join(one.header for one in found[:3]) or 'COLUMN:token')}"


def _check_field_name(name: str, flag: str) -> None:
    if name in _RESERVED:
        raise SettingsError(
            f"--{flag}: convert itself writes a column {name}; leave it away, or rename the column "
            "in your file."
        )
    if _NO_NAME.search(name):
        raise SettingsError(
            f"--{flag}: {name!r} cannot be the name of a field, in which no colon and no white "
            "space but blanks may stand; rename the column in your file."
        )

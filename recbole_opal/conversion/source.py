"""What every converter hands to the writer: tables in chunks, and a tally of what was left out."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol, get_args

import numpy as np
import numpy.typing as npt
import pandas as pd

from recbole_opal.errors import SettingsError

__all__ = ["Column", "FieldType", "ItemTable", "Layout", "Source", "Tally", "parse_columns"]

FieldType = Literal["token", "token_seq", "float", "float_seq"]

# The colon and the tab divide a header; no other white space than a blank can be seen in it.
_NO_NAME = re.compile(r"[:\x00-\x1f\x7f-\x9f\ud800-\udfff\ufeff]|[^\S ]")
_RESERVED = ("user_id", "item_id", "timestamp")


@dataclass(frozen=True)
class Column:
    """A further column of an atomic file.

    Attributes:
        name: in the chunks and in the header of the atomic file; no colon, no white space.
        type: RecBole's field type. Of a `_seq` type a cell is text, its elements divided by one
            space; of `float` it is a float64 or NaN; of `token` it is text, empty if missing.
    """

    name: str
    type: FieldType

    @property
    def header(self) -> str:
        """The column in RecBole's header, as `tag:token_seq`."""
        return f"{self.name}:{self.type}"


@dataclass
class Tally:
    """What was read and left out so far; readers count here while the chunks are drawn.

    Attributes:
        rows: data rows read from the files, without their headers.
        dropped: reason -> rows left out for it; a row counts once, for its first reason.
        notes: what the user must be told, one line each: the time unit that was recognised.
        bytes_done: bytes of the files on the disk that have been read.
        bytes_total: bytes of all files, 0 where that is not known; both feed the progress bar.
    """

    rows: int = 0
    dropped: Counter[str] = field(default_factory=Counter)
    notes: list[str] = field(default_factory=list)
    bytes_done: int = 0
    bytes_total: int = 0

    def keep(self, frame: pd.DataFrame, kept: npt.NDArray[np.bool_], reason: str) -> pd.DataFrame:
        """Return the rows to keep, and count the others under `reason`.

        Args:
            frame: n rows.
            kept: (n,) bool, True = keep.
            reason: in the user's terms, as `no user`.
        """
        lost = len(frame) - int(kept.sum())
        if not lost:
            return frame
        self.dropped[reason] += lost
        rest: pd.DataFrame = frame[kept]
        return rest


@dataclass(frozen=True)
class ItemTable:
    """The table of the items.

    Attributes:
        columns: the fields, without the item's id itself.
        chunks: frames of an item's id (text) and the fields, in this order, drawn once, after the
            interactions; the writer goes by the places of the columns, not by their names. It makes
            one row of all that an item has and leaves out items without interactions.
        origin: where it stands, for the user.
    """

    columns: tuple[Column, ...]
    chunks: Iterator[pd.DataFrame]
    origin: str = "the table of the items"


@dataclass(frozen=True)
class Source:
    """A log, ready to be written.

    Attributes:
        chunks: frames of user and item (text, as in the source: `007` stays `007`), time (float64,
            seconds) and the columns of `extra`, in this order; the writer goes by the places of the
            columns, not by their names. Drawn once, so that no frame holds the whole log. The
            writer drops and counts rows without a user, an item or a finite time; everything else
            (negatives, rows of another kind) the source leaves out itself, through `tally.keep`.
        tally: counts, filled while the chunks are drawn.
        extra: further columns of the interactions.
        items: the table of the items, or None.
        time_unit: what every run must take the times for, where it is not to judge them itself:
            `order` alone, `number` as they are, or `seconds` of whatever years.
    """

    chunks: Iterator[pd.DataFrame]
    tally: Tally
    extra: tuple[Column, ...] = ()
    items: ItemTable | None = None
    time_unit: Literal["order", "number", "seconds"] | None = None


class Layout(Protocol):
    """The official files of a public data set.

    Attributes:
        name: of the data set, as `KuaiRand-Pure`.
        licence: of its publisher, one line.
        citation: what to cite, one line or several.
        rules: name of a rule of positives -> what it means; the first is the default.
    """

    name: str
    licence: str
    citation: str
    rules: Mapping[str, str]

    def detect(self, source: Path) -> bool:
        """Tell by file names and headers whether `source` (a folder or a file) holds this set."""
        ...

    def tables(self, source: Path, rule: str, options: Mapping[str, str]) -> Source:
        """Return the log of the positives.

        Args:
            source: what `detect` knew.
            rule: a key of `rules`.
            options: flags of the command that are not its own, by name.

        Raises:
            DataError: a file is missing or malformed.
            SettingsError: an option is unknown or malformed.
        """
        ...


def parse_columns(text: str, flag: str) -> tuple[Column, ...]:
    """Read `name:type,name:type`, RecBole's field types.

    Args:
        text: what was typed behind `=`.
        flag: the flag's name, for the message.

    Raises:
        SettingsError: no type, an unknown type, a name twice, or one that no further column of an
            atomic file can have.
    """
    columns = []
    for part in text.split(","):
        name, colon, kind = part.strip().rpartition(":")
        if not (colon and name) or kind not in get_args(FieldType):
            raise SettingsError(
                f"--{flag}: '{part}' is not a column with its type; write for example "
                f"--{flag}=category:token,duration:float ({', '.join(get_args(FieldType))})."
            )
        _check_field_name(name, flag)
        columns.append(Column(name, kind))  # type: ignore[arg-type]
    if len({column.name for column in columns}) < len(columns):
        raise SettingsError(f"--{flag}={text} names a column twice; keep one of them.")
    return tuple(columns)


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

"""What to write where columns are not named, guessed from the header of a table."""

from __future__ import annotations

import shlex
from pathlib import Path

from recbole_opal.conversion.header_advice import looks_like_data
from recbole_opal.conversion.source import Column, parse_columns
from recbole_opal.conversion.table_files import header
from recbole_opal.conversion.text_table import TextFormat
from recbole_opal.data.atomic_files.header import COLUMN_NAMES
from recbole_opal.errors import SettingsError

__all__ = ["columns_to_name", "fields_to_name"]


def columns_to_name(source: Path, form: TextFormat) -> str:
    """Return what to write so that the columns of a table are known, as the end of an error.

    Args:
        source: the table; a folder has no columns.
        form: how it is written.

    Raises:
        DataError: it cannot be read.
    """
    if source.is_dir():
        return "name the file with the log, and its columns with --user=, --item= and --time=."
    names = header(source, form)
    if looks_like_data(names):
        more = [f"column_{number}" for number in range(4, len(names) + 1)]
        usual = ",".join([*("user", "item", "time")[: len(names)], *more])
        time = "--time=time" if len(names) > 2 else "--order=file"
        return (
            f"the first line of {source} seems to be no header ({', '.join(names[:20])}); write "
            f"for example --names={usual} --user=user --item=item {time}, with the names in the "
            "order of the columns."
        )
    guesses: dict[str, str] = {}
    for flag, pattern in COLUMN_NAMES.items():
        free = (name for name in names if name not in guesses.values() and pattern.search(name))
        guesses[flag] = next(free, "COLUMN")
    flags = [f"--{flag}={shlex.quote(name)}" for flag, name in guesses.items()]
    if guesses["time"] == "COLUMN":
        flags[-1] = "--order=file, which takes the order of the rows for their times, or name the "
        flags[-1] += "column of their times with --time"
    shown = ", ".join(names[:20])
    return f"write for example {' '.join(flags)} (the columns of {source} are {shown})."


def fields_to_name(table: Path, form: TextFormat, item: str) -> str:
    """Return `--fields=` with the first columns of a table of items that can be fields.

    Args:
        table: of the items.
        form: how it is written.
        item: the column of their ids.

    Raises:
        DataError: it cannot be read.
    """
    found: list[Column] = []
    for name in header(table, form):
        try:
            found += parse_columns(f"{name}:token", "fields") if name != item else ()
        except SettingsError:  # a name that no field can have
            continue
    return f"--fields={shlex.quote(','.join(one.header for one in found[:3]) or 'COLUMN:token')}"

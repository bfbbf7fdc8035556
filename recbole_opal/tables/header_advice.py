"""What to write where columns are not named, or not as they are in the table."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from pathlib import Path

from recbole_opal.data.atomic_files.header import COLUMN_NAMES, is_number
from recbole_opal.errors import DataError
from recbole_opal.process.program import python
from recbole_opal.suggest import did_you_mean

__all__ = ["column_hint", "columns_to_name", "is_json", "refuse_records"]

_NAME = re.compile("(^|_)id$|time|^(user|item|uid|iid|date|rating|label)s?$", re.IGNORECASE)
_JSON = re.compile(r"""\s*\[?\s*(?:\{\s*(?:"|$|\})|(?<=\[)\s*$)""")  # or the line above a record
_PYTHON = re.compile(r"\s*\[?\s*\{\s*'")


def is_json(line: str) -> bool:
    """Tell whether a file's first line begins as JSON's records of names and values do."""
    return _JSON.match(line) is not None


def refuse_records(path: Path, line: str) -> None:
    """Refuse records as Python writes them, and say how to make a table of them.

    Raises:
        DataError: the first line of the file begins as a dictionary of Python's does.
    """
    if not _PYTHON.match(line):
        return
    name, table = str(path), path.with_name(f"{path.name.partition('.')[0]}.csv")
    opened = f"gzip.open({name!r}, 'rt')" if path.suffix == ".gz" else f"open({name!r})"
    made = python(
        f"import ast, gzip, pandas; pandas.DataFrame(map(ast.literal_eval, {opened}))"
        f".to_csv({str(table)!r}, index=False)"
    )
    raise DataError(
        f"{path} holds records as Python writes them and is no table; make one with `{made}`, and "
        f"convert {table}."
    )


def column_hint(column: str, names: Sequence[str], wanted: Sequence[str]) -> str:
    """Return what to write in the place of a column that is not there, as the end of an error.

    Args:
        column: that is not there.
        names: those that are.
        wanted: all that are asked for.
    """
    if _looks_like_data(names):
        more = [f"column_{number}" for number in range(len(wanted) + 1, len(names) + 1)]
        example = shlex.quote(",".join([*wanted, *more]))
        return (
            f": its first line, '{' '.join(names)[:80]}', seems to be no header; write "
            f"--names={example}, the names of its {len(names)} columns in their order."
        )
    if near := did_you_mean(column, names):
        return near
    if len(names) > 1:
        return f"; choose from {', '.join(names[:20])}."
    start = f": its first line is one column, '{names[0][:80]}'; " if names else ": it has none; "
    if names and names[0].startswith("#"):
        return f"{start}take out the lines that are no rows of the table."
    flag = "space" if names and " " in names[0] else "CHARACTERS"
    return f"{start}write --separator={flag}, and --names if that is no header."


def columns_to_name(origin: str, names: Sequence[str]) -> str:
    """Return what to write so that the columns of a table are known, as the end of an error."""
    if _looks_like_data(names):
        more = [f"column_{number}" for number in range(4, len(names) + 1)]
        usual = ",".join([*("user", "item", "time")[: len(names)], *more])
        time = "--time=time" if len(names) > 2 else "--order=file"
        return (
            f"the first line of {origin} seems to be no header ({', '.join(names[:20])}); write "
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
    return f"write for example {' '.join(flags)} (the columns of {origin} are {shown})."


def _looks_like_data(names: Sequence[str]) -> bool:
    """Tell whether the fields of a first line are no names of columns, since one is a number.

    Genres may be columns named by numbers, but a column beside them has a telling name.
    """
    return len(names) > 1 and any(map(is_number, names)) and not any(map(_NAME.search, names))

"""What to do about a first line that does not name the columns that are wanted."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from pathlib import Path

from recbole_opal.data.atomic_files.header import is_number
from recbole_opal.errors import DataError
from recbole_opal.process.program import python
from recbole_opal.suggest import did_you_mean

__all__ = ["column_hint", "looks_like_data", "refuse_json"]

_NAME = re.compile("(^|_)id$|time|^(user|item|uid|iid|date|rating|label)s?$", re.IGNORECASE)
# A record, the array of all, or the line above either; Python writes records with single quotes.
_RECORDS = re.compile(r"""\s*(\[?)\s*(?:\{\s*(?:['"]|$)|(?<=\[)\s*$)""")


def refuse_json(path: Path, line: str) -> None:
    """Refuse records of names and values, and say how to make a table of them.

    Args:
        path: of the file.
        line: its first one.

    Raises:
        DataError: the line begins as JSON or as Python's dictionaries do.
    """
    found = _RECORDS.match(line)
    if not found:
        return
    name, table = str(path), path.with_name(f"{path.name.partition('.')[0]}.csv")
    if "'" in found[0]:
        opened = f"gzip.open({name!r}, 'rt')" if path.suffix == ".gz" else f"open({name!r})"
        code = f"import ast, gzip, pandas; pandas.DataFrame(map(ast.literal_eval, {opened}))"
    else:
        kind = "" if found[1] else "lines=True, "
        code = f"import pandas; pandas.read_json({name!r}, {kind}dtype=False, convert_dates=False)"
    made = python(f"{code}.to_csv({str(table)!r}, index=False)")
    raise DataError(
        f"{path} holds records of names and values and is no table; make one with `{made}`, and "
        f"convert {table}."
    )


def looks_like_data(names: Sequence[str]) -> bool:
    """Tell whether the fields of a first line are no names of columns, since one is a number.

    Genres may be columns named by numbers, but a column beside them has a telling name.

    Args:
        names: the fields.
    """
    return len(names) > 1 and any(map(is_number, names)) and not any(map(_NAME.search, names))


def column_hint(column: str, names: Sequence[str], wanted: Sequence[str]) -> str:
    """Return what to write in the place of a column that is not there, as the end of an error.

    Args:
        column: that is not there.
        names: those that are.
        wanted: all that are asked for.
    """
    if looks_like_data(names):
        more = [f"column_{number}" for number in range(len(wanted) + 1, len(names) + 1)]
        example = shlex.quote(",".join([*wanted, *more]))
        return (
            f": its first line, '{' '.join(names)[:80]}', seems to be no header; write "
            f"--names={example}, the names of its {len(names)} columns in their order."
        )
    if len(names) > 1:
        return did_you_mean(column, names) or f"; choose from {', '.join(names)}."
    start = f": its first line is one column, '{names[0][:80]}'; "
    if names[0].startswith("#"):
        return f"{start}take out the lines that are no rows of the table."
    if "::" in names[0]:
        return f"{start}write a tab in the place of each '::', and --names if that is no header."
    flag = "space" if " " in names[0] else "CHARACTER"
    return f"{start}write --separator={flag}, and --names if that is no header."

"""KuaiRec's table of captions, which hold stray quotes and line breaks that no parser can mend."""

import csv
import gzip
from pathlib import Path

import pandas as pd

from recbole_opal.errors import DataError
from recbole_opal.tables import Table, open_table

__all__ = ["open_captions"]


def open_captions(path: Path, notes: list[str]) -> Table:
    """Return the rows with as many cells as the header and a number as `video_id`.

    Args:
        path: of the table.
        notes: is told how many rows did not fit.

    Raises:
        DataError: the file cannot be read.
    """
    opened = gzip.open if path.suffix.lower() == ".gz" else open
    try:
        with opened(path, "rt", encoding="utf-8-sig", newline="\n") as lines:
            cleaned = (line.replace("\r", " ").replace("\0", "") for line in lines)
            names, *rows = csv.reader(cleaned)
        video = names.index("video_id")
    except (OSError, EOFError, ValueError, csv.Error) as error:
        raise DataError(
            f"{path} cannot be read ({error}); get it again, or move it away to do without the "
            "names of the categories."
        ) from error
    fit = [row for row in rows if len(row) == len(names) and row[video].isdigit()]
    if len(fit) < len(rows):
        unfit = len(rows) - len(fit)
        notes.append(f"{path.name}: {unfit} malformed rows were left out (broken quotes)")
    table = open_table(pd.DataFrame(fit, columns=names, dtype="object"))
    table.origin = path.name
    return table

"""Reading the times of a log, and the tables of the items."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from recbole_opal.conversion.layouts.cells import FloatArray, numbers
from recbole_opal.conversion.source import Tally
from recbole_opal.conversion.tables import read_table
from recbole_opal.conversion.text_table import TextFormat
from recbole_opal.conversion.times import TimeReader

__all__ = ["joined_by_item", "read_items", "timed_rows"]


def timed_rows(
    rows: pd.DataFrame, column: str, clock: TimeReader, tally: Tally
) -> tuple[pd.DataFrame, FloatArray]:
    """Return the rows without those whose time is out of range, and their seconds since 1970.

    Args:
        rows: n rows of a log, as text.
        column: of the times.
        clock: reads them; it sees all chunks of the log in turn.
        tally: counts the rows that are left out.

    Returns:
        m rows, and (m,) seconds; NaN where a row has no time, which the writer counts.

    Raises:
        DataError: a time is no number, or of another unit than the others.
    """
    seconds = clock.seconds(rows[column])
    lost = np.isnan(seconds)
    if lost.any():
        kept = ~lost
        kept[lost] = np.isnan(numbers(rows[lost], column))
        rows, seconds = tally.keep(rows, kept, f"{column} is {clock.refused}"), seconds[kept]
    return rows, seconds


def read_items(
    path: Path, columns: Sequence[str], tally: Tally, form: TextFormat | None = None
) -> Iterator[pd.DataFrame]:
    """Yield columns as text, as `read_table`; the bytes count, the rows do not.

    Args:
        path: of the table.
        columns: those wanted.
        tally: counts the bytes; its rows are those of the log.
        form: how the file is written.

    Raises:
        DataError: the file is malformed.
    """
    counted = Tally(bytes_done=tally.bytes_done)
    for chunk in read_table(path, columns, counted, form or TextFormat()):
        tally.bytes_done = counted.bytes_done
        yield chunk
    tally.bytes_done = counted.bytes_done


def joined_by_item(labels: pd.Series, path: Path, tally: Tally) -> pd.Series:
    """Return one sequence of labels for each item; the values of several rows are joined.

    Args:
        labels: elements divided by blanks; the index holds the ids, some of them several times.
        path: of the table, for the user.
        tally: is told how many rows repeat an item.
    """
    again = labels.index.duplicated()
    if not again.any():
        return labels
    tally.notes.append(f"{path.name}: {int(again.sum()):,} rows repeat an item; values are joined")
    several = labels.index.isin(labels.index[again])
    cells = labels[several].groupby(level=0, sort=False)
    joined = cells.agg(lambda texts: " ".join(dict.fromkeys(" ".join(texts).split())))
    first = labels[~again].copy()
    first.update(joined)
    return first

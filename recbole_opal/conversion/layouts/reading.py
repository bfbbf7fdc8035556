"""Reading the times of a log, and the tables of the items."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from recbole_opal.conversion.layouts.cells import FloatArray, numbers
from recbole_opal.conversion.source import Tally
from recbole_opal.conversion.table_files import read_table
from recbole_opal.conversion.text_table import TextFormat
from recbole_opal.conversion.times import TimeReader

__all__ = ["one_of_each_item", "read_items", "timed_rows"]


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


def one_of_each_item(labels: pd.Series, path: Path, tally: Tally, *, join: bool) -> pd.Series:
    """Return one label for each item; of several rows the values are joined, or the first counts.

    Args:
        labels: elements divided by blanks; the index holds the ids, some of them several times.
        path: of the table, for the user.
        tally: is told how many rows repeat an item.
        join: whether the values of several rows are joined.
    """
    again = labels.index.duplicated()
    if not again.any():
        return labels
    what = "their values are joined" if join else "the first one counts"
    tally.notes.append(f"{path.name}: {int(again.sum()):,} rows repeat an item; {what}")
    first: pd.Series = labels.iloc[np.flatnonzero(~again)].copy()
    if join:
        repeated = labels.index.isin(labels.index[np.flatnonzero(again)])
        several = labels.iloc[np.flatnonzero(repeated)].groupby(level=0, sort=False)
        first.update(several.agg(lambda texts: " ".join(dict.fromkeys(" ".join(texts).split()))))
    return first

"""Reading the tables of the items."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import pandas as pd

from recbole_opal.conversion.source import Tally
from recbole_opal.conversion.tables import read_table
from recbole_opal.conversion.text_table import TextFormat

__all__ = ["read_items"]


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

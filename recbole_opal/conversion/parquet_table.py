"""Parquet files in chunks of text columns, where pyarrow is installed."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from recbole_opal.conversion.source import Tally
from recbole_opal.data.parquet import is_list, open_parquet
from recbole_opal.errors import DataError
from recbole_opal.suggest import did_you_mean

__all__ = ["parquet_header", "read_parquet", "refuse_lists"]

_CHUNK_ROWS = 100_000


def parquet_header(path: Path) -> list[str]:
    """Return the names of the columns.

    Args:
        path: of the file.

    Raises:
        DataError: pyarrow is not installed, or the file is no parquet.
    """
    return [str(name) for name in open_parquet(path).schema_arrow.names]


def read_parquet(path: Path, columns: Sequence[str], tally: Tally) -> Iterator[pd.DataFrame]:
    """Yield the columns as text, some hundred thousand rows at a time.

    Numbers become what Arrow's cast writes (`7`, `1.5`), dates with times ISO 8601, truth values
    `true` and `false`, lists their elements divided by commas, missing cells `""`. The index is
    the number of the row from 1, its name `PATH, row`.

    Args:
        path: of the file.
        columns: those wanted, in the order wanted.
        tally: counts the rows, and the bytes in proportion.

    Raises:
        DataError: pyarrow is not installed, the file is no parquet or damaged, lacks a column or
            has it twice, or a column holds structures, or commas within lists.
    """
    file = open_parquet(path)
    import pyarrow

    names = [str(name) for name in file.schema_arrow.names]
    for column in columns:
        if column not in names:
            hint = did_you_mean(column, names) or f"; choose from {', '.join(names)}."
            raise DataError(f"{path} has no column {column}{hint}")
        if names.count(column) > 1:
            raise DataError(f"{path} has two columns {column}; rename one of them in it.")
    total, size, done, before = file.metadata.num_rows, path.stat().st_size, 0, tally.bytes_done
    try:
        for batch in file.iter_batches(_CHUNK_ROWS, columns=list(columns)):
            texts = {name: _as_text(batch.column(name), f"{path}: {name}") for name in columns}
            index = pd.RangeIndex(done + 1, done + len(batch) + 1, name=f"{path}, row")
            done += len(batch)
            tally.rows += len(batch)
            tally.bytes_done = before + size * done // max(total, 1)
            yield pd.DataFrame(texts, index=index)
    except (pyarrow.ArrowException, OSError, UnicodeError) as error:
        reason = str(error).splitlines()[0]
        raise DataError(f"{path} cannot be read ({reason}); write the file again.") from error


def refuse_lists(path: Path, columns: Sequence[str]) -> None:
    """Refuse columns of ids that hold lists, whose text would be one id.

    Args:
        path: of the file.
        columns: those of ids; one that is not there is told by `read_parquet`.

    Raises:
        DataError: one of them holds lists.
    """
    schema = open_parquet(path).schema_arrow
    for name, kind in zip(schema.names, schema.types, strict=True):
        if name in columns and is_list(kind):
            raise DataError(
                f"{path}: {name} holds lists, and an id is one value; write a row for each of its "
                "elements."
            )


def _as_text(column: Any, name: str) -> Any:
    """Return (n,) object: the cells as text."""
    import pyarrow
    from pyarrow import compute, types

    if types.is_nested(column.type) and not is_list(column.type):
        raise DataError(
            f"{name} cannot be read as text, since it holds records; write each of their parts as "
            "a column of its own."
        )
    if is_list(column.type):
        parts = column.cast(pyarrow.list_(pyarrow.string()))
        if compute.any(compute.match_substring(parts.flatten(), ",")).as_py():
            raise DataError(
                f"{name} holds lists with a comma in an element, which would become two; write "
                "each list as one text with another sign between, and name it by --list_separator."
            )
        return compute.fill_null(compute.binary_join(parts, ","), "").to_pandas().to_numpy(object)
    return compute.fill_null(column.cast(pyarrow.string()), "").to_pandas().to_numpy(object)

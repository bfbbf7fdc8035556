"""Tables of any supported kind, told apart by their file names."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import pandas as pd

from recbole_opal.conversion.parquet_table import parquet_header, read_parquet
from recbole_opal.conversion.parquet_table import refuse_lists as refuse_parquet_lists
from recbole_opal.conversion.source import Tally
from recbole_opal.conversion.text_table import TextFormat, read_text, text_header
from recbole_opal.errors import DataError

__all__ = ["header", "read_table", "refuse_lists", "require_file", "total_bytes"]

_PARQUET = (".parquet", ".pq")
_DEFAULT = TextFormat()


def header(path: Path, form: TextFormat = _DEFAULT) -> list[str]:
    """Return the names of a table's columns.

    Args:
        path: a csv, tsv or other delimited text, also gzipped, or a parquet file.
        form: how a text file is written.

    Raises:
        DataError: the file is missing or no table.
    """
    require_file(path)
    return parquet_header(path) if path.suffix.lower() in _PARQUET else text_header(path, form)


def read_table(
    path: Path, columns: Sequence[str], tally: Tally, form: TextFormat = _DEFAULT
) -> Iterator[pd.DataFrame]:
    """Yield columns of a table as text, chunk by chunk; see `read_text` and `read_parquet`.

    Args:
        path: a csv, tsv or other delimited text, also gzipped, or a parquet file.
        columns: those wanted, in the order wanted.
        tally: counts the rows, and the bytes read.
        form: how a text file is written.

    Raises:
        DataError: the file is missing, malformed, or without one of the columns.
    """
    require_file(path)
    if path.suffix.lower() in _PARQUET:
        return read_parquet(path, columns, tally)
    return read_text(path, columns, tally, form)


def refuse_lists(path: Path, columns: Sequence[str]) -> None:
    """Refuse columns of ids that hold lists; cells of text are what they are.

    Args:
        path: of a table.
        columns: of ids.

    Raises:
        DataError: the file is missing or no table, or one of the columns holds lists.
    """
    require_file(path)
    if path.suffix.lower() in _PARQUET:
        refuse_parquet_lists(path, columns)


def total_bytes(paths: Iterable[Path]) -> int:
    """Return the size of the files that are there, for `Tally.bytes_total`."""
    return sum(path.stat().st_size for path in paths if path.is_file())


def require_file(path: Path) -> None:
    """Check that a table lies at a path, where it can be read more than once.

    Raises:
        DataError: nothing is there, a folder, or a pipe.
    """
    if path.is_dir():
        raise DataError(f"{path} is a folder; name the file in it that holds the table.")
    if not path.exists():
        raise DataError(f"there is no file {path}; check the path.")
    if not path.is_file():
        raise DataError(f"{path} is a pipe or a device; save it to a file first, and name that.")

"""Parquet files as pyarrow opens them; the extra `parquet` brings it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from recbole_opal.errors import DataError
from recbole_opal.process.program import installation

__all__ = ["is_list", "open_parquet"]


def open_parquet(path: Path) -> Any:
    """Return a `pyarrow.parquet.ParquetFile`; without pyarrow, or of another file, a DataError."""
    try:
        import pyarrow
        from pyarrow import parquet
    except ImportError as error:
        raise DataError(
            f"{path}: reading parquet needs pyarrow; install it with {installation('parquet')}."
        ) from error
    try:
        return parquet.ParquetFile(path)
    except (pyarrow.ArrowException, OSError) as error:
        reason = str(error).splitlines()[0]
        raise DataError(f"{path} is no parquet file ({reason}); check the file.") from error


def is_list(kind: Any) -> bool:
    """Tell whether a type of pyarrow's is one of lists."""
    from pyarrow import types

    return bool(types.is_list(kind) or types.is_large_list(kind))

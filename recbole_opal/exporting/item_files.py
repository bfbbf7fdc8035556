"""Item vectors as files that other systems load: `items.npy` and `items.parquet`."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from recbole_opal.errors import SettingsError
from recbole_opal.process.program import installation

__all__ = ["npy_bytes", "parquet_bytes", "require_parquet"]

FloatArray = npt.NDArray[np.float32]

_ROWS = 65536
"""Rows of a row group: what a writer holds at a time."""


def npy_bytes(vectors: FloatArray) -> bytes:
    """Encode (N - 1, D) vectors, without the padding's, as a file that `numpy.load` maps."""
    file = io.BytesIO()
    np.save(file, np.ascontiguousarray(vectors, dtype=np.float32), allow_pickle=False)
    return file.getvalue()


def parquet_bytes(tokens: Sequence[str], vectors: FloatArray) -> bytes:
    """Encode items as columns `id` (text) and `vector` (list of float32), in the given order.

    Args:
        tokens: the raw id of each of the N - 1 items.
        vectors: (N - 1, D).

    Raises:
        SettingsError: pyarrow is not installed.
    """
    pyarrow = require_parquet()
    from pyarrow import parquet

    width = vectors.shape[1]
    schema = pyarrow.schema(
        [("id", pyarrow.string()), ("vector", pyarrow.list_(pyarrow.float32()))]
    )
    file = io.BytesIO()
    with parquet.ParquetWriter(file, schema) as writer:
        for start in range(0, len(tokens), _ROWS):
            part = vectors[start : start + _ROWS]
            ends = np.arange(len(part) + 1, dtype=np.int32) * width
            lists = pyarrow.ListArray.from_arrays(ends, part.ravel())
            ids = pyarrow.array(tokens[start : start + _ROWS], pyarrow.string())
            writer.write_table(pyarrow.table([ids, lists], schema=schema))
    return file.getvalue()


def require_parquet() -> Any:
    """Return pyarrow; a SettingsError tells how to install it, or how to do without."""
    try:
        import pyarrow
    except ImportError as error:
        raise SettingsError(
            f"items.parquet needs pyarrow: {installation('parquet')}, or leave the file out with "
            "--parquet=False."
        ) from error
    return pyarrow

"""Histories in a parquet file, long or wide, read batch by batch."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from recbole_opal.data.parquet import is_list, open_parquet
from recbole_opal.errors import DataError
from recbole_opal.serving.histories import RawHistories
from recbole_opal.serving.sources.columns import Columns, Found
from recbole_opal.serving.sources.long_rows import LongRows
from recbole_opal.serving.sources.raw_ids import float_ids
from recbole_opal.serving.sources.times import converter, dates_in_seconds
from recbole_opal.serving.sources.wide_rows import Row, batches

__all__ = ["read_parquet"]

_CHUNK = 100_000  # rows with one item each
_WIDE_CHUNK = 1024  # rows with a list each: one may be long


def read_parquet(path: Path, batch_size: int, columns: Columns) -> Iterator[RawHistories]:
    """Yield the users of a file; it is wide if its items are lists.

    Raises:
        DataError: the file is damaged, lacks a column, holds floats as ids or cells of another
            kind; or pyarrow is not installed.
    """
    file = open_parquet(path)
    schema = file.schema_arrow
    found = columns.find(schema.names, str(path))
    kinds = {name: schema.field(name).type for name in found.names}
    for name in (found.user, found.item):
        _check_ids(kinds[name], path, name)
    in_seconds = converter(columns.time_unit, str(found.time), str(path))
    dated = found.time is not None and _is_date(_element(kinds[found.time]))
    if is_list(kinds[found.item]):
        if found.time is not None and not is_list(kinds[found.time]):
            raise DataError(
                f"{path}: {found.item} holds lists and {found.time} does not; write a list of "
                "times, one for each item."
            )
        rows = _wide_rows(file, found, path)
        return batches(rows, batch_size, None if dated else in_seconds)
    gathered = LongRows(timed=found.time is not None)
    first = 0
    for chunk in _chunks(file, found, path, _CHUNK):
        start = first

        def place(row: int, start: int = start) -> str:
            return f"{path}, row {start + row}"

        times = None if found.time is None else _numbers(chunk[found.time], path, found.time)
        users, items = _distinct(chunk[found.user]), _distinct(chunk[found.item])
        gathered.add(users, items, times, place)
        first += len(chunk[found.user])
    return gathered.batches(batch_size, None if dated else in_seconds)


def _wide_rows(file: Any, found: Found, path: Path) -> Iterator[Row]:
    first = 0
    for chunk in _chunks(file, found, path, _WIDE_CHUNK):
        users = _texts(chunk[found.user]).to_pylist()
        items = _lists(chunk[found.item], _texts)
        times: list[Any] = [None] * len(users)
        if found.time is not None:
            name = found.time
            times = _lists(chunk[name], lambda flat, name=name: _numbers(flat, path, name))
        for number, row in enumerate(zip(users, items, times, strict=True), first):
            yield Row(f"{path}, row {number}", *row)
        first += len(users)


def _chunks(file: Any, found: Found, path: Path, rows: int) -> Iterator[dict[str, Any]]:
    """Yield the wanted columns of some rows as arrays of pyarrow."""
    import pyarrow

    try:
        for chunk in file.iter_batches(batch_size=rows, columns=found.names):
            chunk.validate(full=True)  # damaged bytes may be no text, or no lists
            yield {name: chunk.column(name) for name in found.names}
    except (pyarrow.ArrowException, OSError) as error:
        reason = str(error).splitlines()[0]
        raise DataError(f"{path} is damaged ({reason}); get the file again.") from error


def _distinct(ids: Any) -> tuple[npt.NDArray[Any], list[str]]:
    """Return (n,) places among the distinct ids, -1 where one is missing or empty."""
    from pyarrow import compute

    texts = _texts(ids)
    coded = compute.if_else(compute.equal(texts, ""), None, texts).dictionary_encode()
    places = compute.fill_null(coded.indices, -1).to_numpy(zero_copy_only=False)
    return places, coded.dictionary.to_pylist()


def _lists(column: Any, convert: Any) -> list[Any]:
    """Return the list of each row, None where there is none, its elements converted all at once."""
    flat = convert(column.flatten())
    values = flat.tolist() if isinstance(flat, np.ndarray) else flat.to_pylist()
    # The offsets of a slice need not begin at 0, and a missing list may hide elements.
    lengths = column.value_lengths()
    ends = np.cumsum(lengths.fill_null(0).to_numpy(zero_copy_only=False)).tolist()
    cut = [values[start:end] for start, end in zip([0, *ends], ends, strict=False)]
    if column.null_count:
        missing = column.is_null().to_pylist()
        cut = [None if gone else own for own, gone in zip(cut, missing, strict=True)]
    return cut


def _texts(ids: Any) -> Any:
    import pyarrow

    return ids.cast(pyarrow.string())


def _numbers(values: Any, path: Path, name: str) -> npt.NDArray[np.float64]:
    """Return (n,) float64, NaN where one is missing."""
    import pyarrow

    if _is_date(values.type):
        utc = values.cast(pyarrow.timestamp("us"))
        return dates_in_seconds(utc.to_numpy(zero_copy_only=False))
    try:
        numbers = values.cast(pyarrow.float64())
    except pyarrow.ArrowException as error:
        reason = str(error).splitlines()[0]
        raise DataError(
            f"{path}: {name} holds what is no number ({reason}); write seconds or timestamps."
        ) from error
    array: npt.NDArray[np.float64] = numbers.to_numpy(zero_copy_only=False)
    return array


def _check_ids(kind: Any, path: Path, name: str) -> None:
    from pyarrow import types

    kind = _element(kind)
    if types.is_dictionary(kind):
        kind = kind.value_type
    if types.is_floating(kind) or types.is_decimal(kind):
        raise float_ids(f"{path}: {name}")
    is_text = types.is_string(kind) or types.is_large_string(kind) or types.is_null(kind)
    if not (is_text or types.is_integer(kind)):
        raise DataError(f"{path}: {name} holds {kind}, which is no id; write text or numbers.")


def _element(kind: Any) -> Any:
    return kind.value_type if is_list(kind) else kind


def _is_date(kind: Any) -> bool:
    from pyarrow import types

    return bool(types.is_timestamp(kind) or types.is_date(kind))

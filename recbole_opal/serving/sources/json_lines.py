"""A user a line: `{"user": "u1", "items": ["i3", "i7"], "times": [1.6e9, 1.7e9]}`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from recbole_opal.errors import DataError
from recbole_opal.serving.histories import RawHistories
from recbole_opal.serving.sources.columns import Columns, Found
from recbole_opal.serving.sources.opening import opened
from recbole_opal.serving.sources.raw_ids import as_texts
from recbole_opal.serving.sources.times import converter
from recbole_opal.serving.sources.wide_rows import Row, batches

__all__ = ["read_json_lines"]

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


def read_json_lines(path: Path, batch_size: int, columns: Columns) -> Iterator[RawHistories]:
    """Yield the users of a file line by line; empty lines are skipped.

    Raises:
        DataError: a line is no such object; it is named.
    """
    in_seconds = converter(columns.time_unit, columns.times[0], str(path))
    yield from batches(_rows(path, columns), batch_size, in_seconds)


def _rows(path: Path, columns: Columns) -> Iterator[Row]:
    found: dict[tuple[str, ...], Found] = {}  # for each set of keys: most lines have the same
    with opened(path) as file:
        for number, line in enumerate(file, 1):
            if number == 1:
                line = line.removeprefix(_BYTE_ORDER_MARK)
            if not line.strip():
                continue
            place = f"{path}, line {number}"
            record = _record(line, place)
            keys = tuple(record)
            if keys not in found:
                found[keys] = columns.find(keys, place)
            own = found[keys]
            times = None if own.time is None else record[own.time]
            (user,) = as_texts([record[own.user]], f"{place}, the user")
            yield Row(place, user, record[own.item], times)


def _record(line: bytes, place: str) -> dict[str, Any]:
    try:
        record = json.loads(line.decode())
    except UnicodeDecodeError as error:
        raise DataError(f"{place} cannot be read as UTF-8; save the file as UTF-8.") from error
    except (ValueError, RecursionError) as error:
        raise DataError(f"{place} is no JSON ({error}); write one object a line.") from error
    if not isinstance(record, dict):
        raise DataError(
            f'{place} is no object; write {{"user": ..., "items": [...]}} for each user.'
        )
    return record

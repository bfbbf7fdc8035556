"""One door to all sources of histories."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from recbole_opal.errors import SettingsError
from recbole_opal.serving.histories import RawHistories
from recbole_opal.serving.sources.columns import Columns
from recbole_opal.serving.sources.containers import parts_of, read_lists, read_mapping

__all__ = ["BATCH", "read_histories"]

BATCH = 1024
"""Users that are answered at a time."""


def read_histories(
    source: Any,
    *,
    times: Any = None,
    batch_size: int = BATCH,
    columns: Columns = Columns(),  # noqa: B008, frozen
) -> Iterator[RawHistories]:
    """Yield the histories of `batch_size` users at a time, oldest item first.

    Args:
        source: one of

            - a mapping of users to their items;
            - lists of items, or an iterator over them; the users are then 0, 1, ...;
            - `RawHistories`, or an iterator over them;
            - a DataFrame of pandas or polars, a table of pyarrow, or the path of a csv, tsv, atomic
              (`.inter`), parquet or jsonl file, text also as `.gz`. Tables are long (a row an item:
              user_id, item_id and perhaps timestamp, the rows of a user anywhere; a row without an
              item names a user who has none) or wide (a row a user, with a list of items and
              perhaps one of times). A line of jsonl is
              `{"user": ..., "items": [...], "times": [...]}`.
        times: seconds of each item, in the form of a mapping or of lists; frames and files have
            their own column.
        batch_size: users at a time, at least 1.
        columns: what the columns of frames and files are called.

    Items that have times are sorted by them, equal times in the given order; others keep the given
    order. Users come in the order in which they are first met, by the names that the caller gave
    them; a file's are text. Item ids are text: of a file as it stands there.
    Wide sources are read in memory bounded by the batch. Of a long one all rows are held, in 8
    bytes a row, 16 with times, the double while they are sorted, and about 150 bytes for each
    distinct user and item.

    Raises:
        DataError: a file or frame is malformed, with its line or row.
        SettingsError: the source is none of these, or `batch_size` is less than 1.
    """
    if not isinstance(batch_size, int) or batch_size < 1:
        raise SettingsError(f"batch_size={batch_size} must be a whole number of at least 1.")
    if hasattr(source, "to_pandas"):
        source = source.to_pandas()
    if isinstance(source, RawHistories):
        return parts_of(source, batch_size)
    if isinstance(source, (str, Path)) or _is_frame(source):
        _refuse_times(times)
        return _read_table(source, batch_size, columns)
    if isinstance(source, Mapping):
        return read_mapping(source, times, batch_size)
    if isinstance(source, Iterable) and not isinstance(source, (bytes, set, frozenset)):
        return read_lists(source, times, batch_size)
    raise SettingsError(
        f"histories are a {type(source).__name__}; give a dict of users to lists of items, a list "
        "of such lists, a DataFrame, or the path of a csv, parquet, jsonl or atomic file."
    )


def _read_table(source: Any, batch_size: int, columns: Columns) -> Iterator[RawHistories]:
    # Imported only now: a service answers lists without pandas.
    if isinstance(source, (str, Path)):
        from recbole_opal.serving.sources.files import read_file

        return read_file(Path(source), batch_size, columns)
    from recbole_opal.serving.sources.frames import read_frame

    return read_frame(source, batch_size, columns)


def _is_frame(source: Any) -> bool:
    return hasattr(source, "columns") and hasattr(source, "iloc")


def _refuse_times(times: Any) -> None:
    if times is not None:
        raise SettingsError(
            "times= goes with a dict or lists; frames and files hold them in a column of their own."
        )

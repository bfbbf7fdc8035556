"""Rows that hold a whole history each, put together to batches."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain, islice
from typing import Any, NamedTuple

import numpy as np

from recbole_opal.errors import DataError
from recbole_opal.serving.histories import RawHistories
from recbole_opal.serving.sources.raw_ids import as_texts

__all__ = ["Row", "batches"]

Floats = Any


class Row(NamedTuple):
    """A user as a source has it.

    Attributes:
        place: where it stands, for messages.
        user: its name.
        items: its raw ids, or None: no item.
        times: one for each item; None: not given.
    """

    place: str
    user: Any
    items: Any
    times: Any = None


def batches(
    rows: Iterable[Row], batch_size: int, in_seconds: Callable[[Floats], Floats] | None = None
) -> Iterator[RawHistories]:
    """Yield rows as histories, `batch_size` of them at a time.

    Args:
        rows: of the users.
        batch_size: at least 1.
        in_seconds: converts the times of a batch, (n,) float64; None: they are seconds.

    Raises:
        DataError: a row is malformed; some rows have times and others have not.
    """
    rest = iter(rows)
    while part := list(islice(rest, batch_size)):
        users = [_named(row) for row in part]
        items = [[] if row.items is None else as_texts(row.items, _items_of(row)) for row in part]
        timed = [row.times is not None for row in part]
        # A user without any item needs no time.
        if not any(timed):
            yield RawHistories(users, items)
            continue
        times = [_checked_times(row, len(own)) for row, own in zip(part, items, strict=True)]
        if in_seconds is not None:
            times = _converted(times, in_seconds)
        yield RawHistories(users, *_sorted(items, times))


def _named(row: Row) -> Any:
    if row.user is None or row.user != row.user:  # NaN is not itself
        raise DataError(f"{row.place}: the user is missing; write it or take the row out.")
    return row.user


def _items_of(row: Row) -> str:
    return f"{row.place}, its items"


def _checked_times(row: Row, count: int) -> list[float]:
    """Return the times of a row, as many as it has items, all of them finite."""
    given = row.times if row.times is not None else []
    if isinstance(given, str):
        raise DataError(f"{row.place}: its times are {given!r}; write a list of numbers.")
    try:
        numbers = np.asarray(given, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise DataError(
            f"{row.place}: its times are not all numbers ({error}); write them as seconds."
        ) from error
    if numbers.shape != (count,):
        raise DataError(
            f"{row.place} has {count} items and {numbers.size} times; write one time for each item."
        )
    if not np.isfinite(numbers).all():
        raise DataError(f"{row.place}: a time is missing or infinite; write it or leave all away.")
    times: list[float] = numbers.tolist()
    return times


def _converted(
    times: Sequence[Sequence[float]], in_seconds: Callable[[Floats], Floats]
) -> list[list[float]]:
    flat = np.fromiter(chain.from_iterable(times), np.float64)
    ends = np.cumsum([len(own) for own in times]).tolist()
    seconds = in_seconds(flat).tolist()
    return [seconds[start:end] for start, end in zip([0, *ends], ends, strict=False)]


def _sorted(
    items: Sequence[list[str]], times: Sequence[list[float]]
) -> tuple[list[list[str]], list[list[float]]]:
    """Return items and times oldest first; of equal times the given order counts."""
    ordered_items, ordered_times = [], []
    for own, when in zip(items, times, strict=True):
        ascending = sorted(when)
        if ascending != when:
            order = sorted(range(len(when)), key=when.__getitem__)
            own = [own[place] for place in order]
        ordered_items.append(own)
        ordered_times.append(ascending)
    return ordered_items, ordered_times

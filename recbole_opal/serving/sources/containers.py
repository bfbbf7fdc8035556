"""Histories in Python's own containers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Any

from recbole_opal.errors import SettingsError
from recbole_opal.serving.histories import RawHistories
from recbole_opal.serving.sources.wide_rows import Row, batches

__all__ = ["parts_of", "read_lists", "read_mapping"]


def read_mapping(
    histories: Mapping[Any, Any], times: Mapping[Any, Any] | None, batch_size: int
) -> Iterator[RawHistories]:
    """Yield the histories of a mapping of users to items; `times` is one of the same users."""
    if times is not None and (not isinstance(times, Mapping) or times.keys() != histories.keys()):
        raise SettingsError("times= must be a dict of the same users as the histories.")
    rows = (
        Row(f"user {user}", user, items, None if times is None else times[user])
        for user, items in histories.items()
    )
    return batches(rows, batch_size)


def read_lists(
    histories: Iterable[Any], times: Sequence[Any] | None, batch_size: int
) -> Iterator[RawHistories]:
    """Yield the histories of lists; the users are their numbers from 0.

    An iterable of `RawHistories` is passed on, those of more users in parts.
    """
    rest = iter(histories)
    first = next(rest, None)
    if isinstance(first, RawHistories):
        return chain.from_iterable(parts_of(raw, batch_size) for raw in chain([first], rest))
    if first is None:
        return iter(())
    if isinstance(first, (str, bytes, int)):
        raise SettingsError(
            f"histories begin with {first!r}, which is no list of items; for one user write a list "
            "of one list: [[...]]."
        )
    if times is not None and (not isinstance(histories, Sequence) or len(times) != len(histories)):
        raise SettingsError("times= must be a list as long as that of the histories.")
    rows = (
        Row(f"history {number}", number, items, None if times is None else times[number])
        for number, items in enumerate(chain([first], rest))
    )
    return batches(rows, batch_size)


def parts_of(raw: RawHistories, batch_size: int) -> Iterator[RawHistories]:
    """Yield histories in parts of at most `batch_size` users, as they are where that is enough."""
    if len(raw.users) <= batch_size:
        yield raw
        return
    for start in range(0, len(raw.users), batch_size):
        part = slice(start, start + batch_size)
        times = None if raw.times is None else raw.times[part]
        yield RawHistories(raw.users[part], raw.items[part], times)

"""Histories by raw ids to histories by internal ones, without a loop over them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from recbole_opal.batches import Histories
from recbole_opal.errors import DataError, reason_of
from recbole_opal.serving.histories import KnownHistories, RawHistories
from recbole_opal.serving.item_ids import ItemIds

__all__ = ["known_histories"]


def known_histories(
    raw: RawHistories, ids: ItemIds, longest: int, *, with_times: bool
) -> KnownHistories:
    """Return histories by internal ids: unknown items left out, then cut to the newest.

    Args:
        raw: by raw ids.
        ids: of the model.
        longest: items that the model sees.
        with_times: whether it reads times.

    Raises:
        DataError: an id is neither text nor a whole number; times are missing where the model needs
            them, not as many as items, no numbers, or not ascending.
    """
    lengths = np.fromiter(map(len, raw.items), dtype=np.int64, count=len(raw.items))  # (B,)
    flat: Sequence[Any] = list(chain.from_iterable(map(_plain, raw.items)))
    numbers, unknown = ids.numbers(flat, "the items of the histories")  # (T,)
    rows = np.repeat(np.arange(len(lengths)), lengths)
    known = numbers > 0
    times = _times(raw, rows, lengths)[known] if with_times else None
    numbers, rows = numbers[known], rows[known]
    lengths = np.bincount(rows, minlength=len(lengths))
    newest = np.cumsum(lengths)[rows] - np.arange(len(rows)) <= longest
    seen_rows, seen_ids = np.divmod(
        np.unique(rows * len(ids.tokens) + numbers), len(ids.tokens)
    )  # each pair once
    return KnownHistories(
        raw.users,
        Histories(
            torch.from_numpy(numbers[newest]),
            torch.from_numpy(np.minimum(lengths, longest)),
            None if times is None else torch.from_numpy(times[newest]),
        ),
        (torch.from_numpy(seen_rows), torch.from_numpy(seen_ids)),
        unknown,
    )


def _plain(items: Sequence[Any]) -> Sequence[Any]:
    """Return a history as plain ids; an array's own numbers are slow to look at one by one."""
    if isinstance(items, (str, bytes)):
        raise DataError(
            f"a history is the text {items!r}; write a list of item ids, as ['a', 'b']."
        )
    return items.tolist() if isinstance(items, np.ndarray) else items


def _times(
    raw: RawHistories, rows: npt.NDArray[np.int64], lengths: npt.NDArray[np.int64]
) -> npt.NDArray[np.float64]:
    """Return the (T,) times of histories, oldest first."""
    if raw.times is None and not len(rows):  # new users alone
        return np.empty(0)
    if raw.times is None:
        raise DataError(
            "this model reads when each item was met; give times, seconds beside each history's "
            "items."
        )
    given = np.fromiter(map(len, raw.times), dtype=np.int64, count=len(raw.times))
    if len(given) != len(lengths):
        raise DataError(f"there are {len(lengths)} histories and times of {len(given)}.")
    wrong = np.flatnonzero(given != lengths)
    if len(wrong):
        row = wrong[0]
        raise DataError(
            f"the user {raw.users[row]!r} has {lengths[row]} items and {given[row]} times; give "
            "one for each item."
        )
    try:
        times = np.fromiter(chain.from_iterable(raw.times), dtype=np.float64, count=len(rows))
    except (TypeError, ValueError) as error:
        raise DataError(
            f"times are no numbers ({reason_of(error)}); give seconds, as 1.6e9."
        ) from error
    _check_order(raw, times, rows)
    return times


def _check_order(
    raw: RawHistories, times: npt.NDArray[np.float64], rows: npt.NDArray[np.int64]
) -> None:
    wrong = np.flatnonzero(~np.isfinite(times))
    if len(wrong):
        raise DataError(
            f"the user {raw.users[rows[wrong[0]]]!r} has the time {times[wrong[0]]}; give seconds "
            "for every item."
        )
    back = np.flatnonzero((np.diff(times) < 0) & (np.diff(rows) == 0))
    if len(back):
        raise DataError(
            f"the times of the user {raw.users[rows[back[0]]]!r} go back; sort each history, "
            "oldest first."
        )

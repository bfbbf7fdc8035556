"""The figures of a log, from three columns of numbers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from recbole_opal.statistics import gini

__all__ = ["LogColumns", "LogStatistics", "Spread", "measure_log"]

IntArray = npt.NDArray[np.int64]
_SHARES = (0.0, 0.1, 0.25, 0.5, 0.75, 0.9, 0.99, 1.0)


@dataclass(frozen=True)
class LogColumns:
    """A log in the order of its file.

    Attributes:
        users: (R,) int32 in [0, U), every number occurs.
        items: (R,) int32 in [0, N), every number occurs.
        times: (R,) float64 seconds.
        dated: False where the times are no seconds since 1970, but only tell an order.
    """

    users: npt.NDArray[np.int32]
    items: npt.NDArray[np.int32]
    times: npt.NDArray[np.float64]
    dated: bool = True


@dataclass(frozen=True)
class Spread:
    """How a count is spread.

    Attributes:
        quantiles: share -> the count that this share does not exceed; 0 is the minimum.
        mean: of the counts.
    """

    quantiles: dict[float, int]
    mean: float


@dataclass(frozen=True)
class LogStatistics:
    """What `describe` tells of a log.

    Attributes:
        rows, users, items: numbers of interactions, users, items.
        density: share of all pairs of a user and an item that occur, in (0, 1].
        history: interactions a user.
        popularity: interactions an item.
        top_share: share of all interactions that the most popular tenth of the items has.
        gini: of the popularity, in [0, 1); 0: all items alike.
        short_histories: users with fewer than 3 interactions, too few for three parts.
        repeats: interactions of a user with an item met before.
        first, last: seconds.
        ties: interactions at the very time of another one of the same user.
        tied_users: users who have some.
        duplicates: repeats at the very time of an earlier one.
    """

    rows: int
    users: int
    items: int
    density: float
    history: Spread
    popularity: Spread
    top_share: float
    gini: float
    short_histories: int
    repeats: int
    first: float
    last: float
    ties: int
    tied_users: int
    duplicates: int = 0


def measure_log(log: LogColumns) -> LogStatistics:
    """Return the figures of a log of at least one row.

    Args:
        log: its columns; some 24 bytes a row are needed beside them.
    """
    lengths = np.bincount(log.users)
    counts = np.sort(np.bincount(log.items))
    rows, users, items = len(log.users), len(lengths), len(counts)
    pairs = log.users.astype(np.int64) * items + log.items
    pairs.sort()
    repeats = int((pairs[1:] == pairs[:-1]).sum())
    del pairs
    ties, tied_users, duplicates = _ties(log)
    return LogStatistics(
        rows=rows,
        users=users,
        items=items,
        density=(rows - repeats) / (users * items),
        history=_spread(lengths),
        popularity=_spread(counts),
        top_share=float(counts[-max(1, round(items / 10)) :].sum() / rows),
        gini=gini(counts),
        short_histories=int((lengths < 3).sum()),
        repeats=repeats,
        first=float(log.times.min()),
        last=float(log.times.max()),
        ties=ties,
        tied_users=tied_users,
        duplicates=duplicates,
    )


def _ties(log: LogColumns) -> tuple[int, int, int]:
    """Return the rows at the time of another one of the user, their users, and exact duplicates."""
    order = np.lexsort((log.times, log.users))
    owners = log.users[order]
    moments = log.times[order]
    equal = (owners[1:] == owners[:-1]) & (moments[1:] == moments[:-1])
    tied = np.zeros(len(owners), dtype=bool)
    tied[1:] = equal
    tied[:-1] |= equal
    rows = order[tied]
    rows = rows[np.lexsort((log.items[rows], log.times[rows], log.users[rows]))]
    same = np.ones(max(len(rows) - 1, 0), dtype=bool)
    for column in (log.users, log.times, log.items):
        same &= column[rows[1:]] == column[rows[:-1]]
    return int(tied.sum()), len(np.unique(owners[tied])), int(same.sum())


def _spread(counts: IntArray) -> Spread:
    values = np.quantile(counts, _SHARES, method="inverted_cdf")
    return Spread(
        {share: int(value) for share, value in zip(_SHARES, values, strict=True)},
        float(counts.mean()),
    )

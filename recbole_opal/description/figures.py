"""The figures of a log, counted by DuckDB."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from recbole_opal.sql import Engine
from recbole_opal.statistics import gini

__all__ = ["LogStatistics", "Spread", "measure_log"]

_SHARES = (0.0, 0.1, 0.25, 0.5, 0.75, 0.9, 0.99, 1.0)


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


def measure_log(engine: Engine, log: str = "log") -> LogStatistics:
    """Return the figures of a log.

    Args:
        engine: that knows it.
        log: SQL behind FROM: columns `u`, `i` and, in seconds, `t`; at least one row.
    """
    lengths, counts = (
        engine.column(f"SELECT count(*) FROM {log} GROUP BY {one}") for one in ("u", "i")
    )
    rows, users, items = int(lengths.sum()), len(lengths), len(counts)
    first, last = engine.row(f"SELECT min(t), max(t) FROM {log}")
    (repeats,) = engine.row(f"SELECT count(*) - count(DISTINCT (u, i)) FROM {_alike(log, 'u, i')}")
    moments = f"SELECT *, count(*) OVER (PARTITION BY u, t) AS tied FROM {_alike(log, 'u, t')}"
    ties, tied_users, duplicates = engine.row(
        "SELECT count(*), count(DISTINCT u), count(*) - count(DISTINCT (u, i, t)) FROM "
        f"({moments}) WHERE tied > 1"
    )
    return LogStatistics(
        rows=rows,
        users=users,
        items=items,
        density=(rows - repeats) / (users * items),
        history=_spread(lengths),
        popularity=_spread(counts),
        top_share=float(np.sort(counts)[-max(1, round(items / 10)) :].sum() / rows),
        gini=gini(counts),
        short_histories=int((lengths < 3).sum()),
        repeats=repeats,
        first=first,
        last=last,
        ties=ties,
        tied_users=tied_users,
        duplicates=duplicates,
    )


def _alike(log: str, columns: str) -> str:
    """Return SQL for the rows that may equal others in some columns, as they share a hash.

    To count all rows by a number takes much less memory than by texts, and those found are few.
    """
    shared = f"SELECT hash({columns}) FROM {log} GROUP BY ALL HAVING count(*) > 1"
    return f"(SELECT * FROM {log} WHERE hash({columns}) IN ({shared}))"


def _spread(counts: npt.NDArray[np.int64]) -> Spread:
    values = np.quantile(counts, _SHARES, method="inverted_cdf")
    return Spread(
        {share: int(value) for share, value in zip(_SHARES, values, strict=True)},
        float(counts.mean()),
    )

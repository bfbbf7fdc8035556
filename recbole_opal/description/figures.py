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
    (pairs,) = engine.row(f"SELECT count(*) FROM (SELECT 1 FROM {log} GROUP BY u, i)")
    moments = f"(SELECT u, count(*) AS alike FROM {log} GROUP BY u, t HAVING count(*) > 1)"
    ties, tied_users = engine.row(
        f"SELECT coalesce(sum(alike), 0), count(DISTINCT u) FROM {moments}"
    )
    duplicates = 0
    if ties:  # else there is none
        same = f"(SELECT count(*) AS alike FROM {log} GROUP BY u, i, t HAVING count(*) > 1)"
        (duplicates,) = engine.row(f"SELECT coalesce(sum(alike - 1), 0) FROM {same}")
    return LogStatistics(
        rows=rows,
        users=users,
        items=items,
        density=pairs / (users * items),
        history=_spread(lengths),
        popularity=_spread(counts),
        top_share=float(np.sort(counts)[-max(1, round(items / 10)) :].sum() / rows),
        gini=gini(counts),
        short_histories=int((lengths < 3).sum()),
        repeats=rows - pairs,
        first=first,
        last=last,
        ties=int(ties),
        tied_users=tied_users,
        duplicates=int(duplicates),
    )


def _spread(counts: npt.NDArray[np.int64]) -> Spread:
    values = np.quantile(counts, _SHARES, method="inverted_cdf")
    return Spread(
        {share: int(value) for share, value in zip(_SHARES, values, strict=True)},
        float(counts.mean()),
    )

"""The lists of all processes of a run, each of which has judged some of the users."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from recbole_opal.distributed.arrays import Array, joined_arrays
from recbole_opal.distributed.group import current, meet
from recbole_opal.evaluation.judged import InterestRecord, Judged, RankRecord, TrainingFacts

__all__ = ["of_all_processes"]

_RECORDS = {"ranks": RankRecord, "interests": InterestRecord}


def of_all_processes(
    own: Judged | None, settings: Mapping[str, Any], training: TrainingFacts
) -> Judged:
    """Return the lists of all users, in the order of the ranks; alone, a process's own.

    `own` is None where a process had none to judge, which the first one never is.
    """
    if current() is None and own is not None:
        return own
    meet()  # some had more to do than others
    columns = joined_arrays({} if own is None else _columns(own))
    records: dict[str, Any] = {
        name: kind(**_under(name, columns)) if _under(name, columns) else None
        for name, kind in _RECORDS.items()
    }
    plain: dict[str, Any] = {name: each for name, each in columns.items() if "." not in name}
    return Judged(training=training, settings=settings, **plain, **records)


def _columns(judged: Judged) -> dict[str, Array]:
    """Return everything that users have, by name: `items`, ..., `ranks.sums`, ..."""
    columns: dict[str, Array] = {
        name: getattr(judged, name) for name in ("users", "items", "hits", "num_targets")
    }
    if judged.num_cold is not None:
        columns["num_cold"] = judged.num_cold
    for record in _RECORDS:
        if getattr(judged, record) is not None:
            fields = vars(getattr(judged, record))
            columns |= {f"{record}.{name}": value for name, value in fields.items()}
    return columns


def _under(record: str, columns: Mapping[str, Array]) -> dict[str, Array]:
    """Return the columns of a record."""
    start = f"{record}."
    return {n.removeprefix(start): value for n, value in columns.items() if n.startswith(start)}

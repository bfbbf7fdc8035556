"""Rows that differ in the number of interests only."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from recbole_opal.report.source import Row

__all__ = ["sweeps"]


def sweeps(rows: Sequence[Row]) -> list[list[Row]]:
    """Return groups of rows of one model, stage and options with several numbers of interests.

    Args:
        rows: any.

    Returns:
        Each group ordered by K; groups of one K are left out. Of equal K the first row counts.
    """
    groups: dict[tuple[Any, ...], dict[int, Row]] = {}
    for row in rows:
        if row.num_interests is None:
            continue
        key = (row.model, row.stage, row.options)
        groups.setdefault(key, {}).setdefault(row.num_interests, row)
    return [
        [group[count] for count in sorted(group)] for group in groups.values() if len(group) > 1
    ]

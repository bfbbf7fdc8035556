"""How alike the lists of different rows are, and of the same row with another seed."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations, islice
from pathlib import Path
from typing import NamedTuple

import numpy as np

from recbole_opal.comparison.result import ComparisonResult
from recbole_opal.comparison.row import Row
from recbole_opal.report import wording
from recbole_opal.report.elements import note, reading, table, tabs
from recbole_opal.report.grouping import IntArray, positions
from recbole_opal.report.looks import lit_first
from recbole_opal.report.markup import Child, Markup, join, node
from recbole_opal.report.run_files import RunFiles
from recbole_opal.report.saved_lists import Overlap, list_overlap

__all__ = ["overlap"]

_MOST_ROWS = 8  # of the table
_MOST_USERS = 5000
_SHADES = 8
_JACCARD = "Common items"
_BIASED = "The best places weigh more"
_ABOUT_OVERLAP = (
    "Common items: items in both lists over items in either (Jaccard), the mean over users; 1 is "
    "the same items, 0 none in common. The best places weigh more: rank-biased overlap with "
    "p = 0.9. On the diagonal: the same row trained with another seed, what chance alone makes."
)


def overlap(comparison: ComparisonResult, files: RunFiles) -> Markup | None:
    """Return a table of pairs of rows, the lit ones first; None without a pair of lists."""
    if not comparison.k:
        return None  # no metric tells how long lists are
    rows: list[Row] = []
    known: dict[str, list[_Lists]] = {}
    for row, _, _, _ in lit_first(comparison, [(row, None) for row in comparison.done]):
        seeds = (_lists_of(row, path, comparison.k, files)
                 for path in comparison.run_folders(row).values())  # fmt: skip
        found = list(islice(filter(None, seeds), 2))
        if found:
            rows.append(row)
            known[row.label] = found
        if len(rows) == _MOST_ROWS:
            break
    pairs: dict[tuple[int, int], Overlap] = {}
    for (i, one), (j, other) in combinations(enumerate(rows), 2):
        between = _between(known[one.label][0], known[other.label][0])
        if between is not None:
            pairs[i, j] = pairs[j, i] = between
    if not pairs:
        return None
    for i, row in enumerate(rows):
        if len(known[row.label]) > 1:
            again = _between(*known[row.label][:2])
            if again is not None:
                pairs[i, i] = again
    panels = {
        _JACCARD: _matrix(rows, {key: each.jaccard for key, each in pairs.items()}, _JACCARD),
        _BIASED: _matrix(rows, {key: each.rank_biased for key, each in pairs.items()}, _BIASED),
    }
    return join(
        node("h3", f"How alike the best {comparison.k} are"),
        tabs("overlap-tabs", panels),
        reading(_most_alike(rows, pairs)),
        note(_ABOUT_OVERLAP),
    )


class _Lists(NamedTuple):
    users: IntArray  # (E,)
    items: IntArray  # (E, k)
    ids: str  # equal for runs that number users and items alike


def _lists_of(row: Row, path: Path, k: int, files: RunFiles) -> _Lists | None:
    """Return the best k of a sample of a run's users, the same for all rows."""
    listed = files.arrays(path, f"lists-{row.stage}-test.npz")
    if listed is None or not listed["items"].size:
        return None
    order = np.random.default_rng(0).permutation(int(listed["user_id"].max()) + 1)
    kept = np.sort(np.argsort(order[listed["user_id"]], kind="stable")[:_MOST_USERS])
    ids = files.digest(path, "ids.json")
    return _Lists(listed["user_id"][kept], listed["items"][kept, :k].astype(np.int64), ids)


def _between(one: _Lists, other: _Lists) -> Overlap | None:
    """Return how alike the lists of the users of both are; None where they cannot be compared."""
    there = positions(one.users, other.users)
    met = there >= 0
    if one.ids != other.ids or not met.any():
        return None
    k = min(one.items.shape[1], other.items.shape[1])
    return list_overlap(one.items[met, :k], other.items[there[met], :k])


def _matrix(rows: Sequence[Row], values: dict[tuple[int, int], float], name: str) -> Markup:
    """Return a table of pairs, each cell on a ground as dark as its value is large."""
    spread = [value for (i, j), value in values.items() if i != j]
    low, high = min(spread), max(spread)
    cells: list[list[Child]] = []
    for i, row in enumerate(rows):
        line: list[Child] = [row.named]
        for j in range(len(rows)):
            value = values.get((i, j))
            if value is None:
                line.append("–")
                continue
            share = min(max((value - low) / (high - low), 0.0), 1.0) if high > low else 0.5
            kind = "seeds" if i == j else f"heat-{round(share * _SHADES)}"
            line.append(node("td", wording.number(value, 2), class_=kind))
        cells.append(line)
    return table(["", *(row.named for row in rows)], cells, name, class_="matrix")


def _most_alike(rows: Sequence[Row], pairs: dict[tuple[int, int], Overlap]) -> str:
    apart = {key: each.jaccard for key, each in pairs.items() if key[0] < key[1]}
    most, least = max(apart, key=apart.__getitem__), min(apart, key=apart.__getitem__)
    said = (
        f"The most alike are {rows[most[0]].named} and {rows[most[1]].named} "
        f"({wording.percent(apart[most])} of their items in common)"
    )
    if most != least:
        said += (
            f", the least {rows[least[0]].named} and {rows[least[1]].named} "
            f"({wording.percent(apart[least])})"
        )
    chance = [each.jaccard for (i, j), each in pairs.items() if i == j]
    if chance:
        said += (
            f"; two seeds of one row have {wording.percent(sum(chance) / len(chance))} in common "
            "on average"
        )
    return f"{said}."

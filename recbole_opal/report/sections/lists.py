"""The lists themselves: recall at each length, and how alike the lists of different rows are."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from pathlib import Path
from typing import NamedTuple

import numpy as np

from recbole_opal.comparison.result import ComparisonResult
from recbole_opal.comparison.row import Row
from recbole_opal.report import wording
from recbole_opal.report.charts.linechart import Line, line_chart
from recbole_opal.report.elements import (
    Section,
    chips,
    figure,
    folded_table,
    legend,
    note,
    reading,
    table,
    tabs,
)
from recbole_opal.report.grouping import FloatArray, IntArray, positions
from recbole_opal.report.looks import dashes, lit_first, looks
from recbole_opal.report.markup import Child, Markup, join, node
from recbole_opal.report.run_files import RunFiles
from recbole_opal.report.saved_lists import Overlap, list_overlap, recall_curve

__all__ = ["lists"]

_LENGTHS = (1, 2, 3, 5, 7, 10, 15, 20, 30, 40, 50, 70, 100, 150, 200, 300, 500, 700, 1000)
_MOST_ROWS = 8  # of the table of overlaps
_MOST_USERS = 5000
_SHADES = 8
_JACCARD = "Common items"
_BIASED = "The best places weigh more"
_ABOUT_OVERLAP = (
    "Common items: items in both lists over items in either (Jaccard), the mean over users; 1 is "
    "the same items, 0 none in common. The best places weigh more: rank-biased overlap with "
    "p = 0.9. On the diagonal: the same row trained with another seed, what chance alone makes."
)


def lists(comparison: ComparisonResult, files: RunFiles) -> Section | None:
    """Return the section; None where no run left lists."""
    parts = [_recall(comparison, files), _overlap(comparison, files)]
    return Section("lists", "The lists", join(parts)) if any(parts) else None


def _recall(comparison: ComparisonResult, files: RunFiles) -> Markup | None:
    found: list[tuple[Row, FloatArray]] = []
    longest = 0
    for row in comparison.done:
        curves = [
            curve
            for path in comparison.run_folders(row).values()
            if (curve := _curve(row, path, files)) is not None
        ]
        if curves:
            shortest = min(map(len, curves))
            found.append((row, np.mean([curve[:shortest] for curve in curves], axis=0)))
            longest = max(longest, shortest)
    if not found or longest < 2:
        return None
    lengths = _LENGTHS[:longest]
    reference = comparison.opal or comparison.best
    base = next((curve for row, curve in found if row is reference), None)
    panels: dict[str, Child] = {"Recall": _chart(comparison, found, lengths, None)}
    if base is not None and reference is not None and len(found) > 1:
        panels[f"Difference to {reference.short}"] = _chart(
            comparison, found, lengths, (reference, base)
        )
    title = node("h3", "Recall by length of the list")
    return join(title, tabs("recall-tabs", panels))


def _curve(row: Row, path: Path, files: RunFiles) -> FloatArray | None:
    listed = files.arrays(path, f"lists-{row.stage}-test.npz")
    targets = files.arrays(path, "targets-test.npz")
    if listed is None or targets is None or not len(listed["items"]):
        return None
    lengths = [length for length in _LENGTHS if length <= listed["items"].shape[1]]
    return recall_curve(listed, targets, lengths) if lengths else None


def _chart(
    comparison: ComparisonResult,
    found: Sequence[tuple[Row, FloatArray]],
    lengths: Sequence[int],
    less: tuple[Row, FloatArray] | None,
) -> Markup:
    """Return recall over the length of the list, or its difference to that of a row."""
    lines = []
    for row, curve, look, lit in lit_first(comparison, found):
        values = np.full(len(lengths), np.nan)
        values[: len(curve)] = curve
        if less is not None:
            values[: len(less[1])] -= less[1][: len(values)]
            values[len(less[1]) :] = np.nan
        lines.append(
            Line(
                row.short, row.family, values.tolist(), [0.0] * len(lengths), look.colour, lit=lit,
                dashed=look.dashed, signed=less is not None,
            )
        )  # fmt: skip
    steps = [str(length) for length in lengths]
    y_title = "Recall" if less is None else f"Recall minus that of {less[0].short}"
    name, told = (
        ("recall-curve", wording.number) if less is None else ("recall-less", wording.signed)
    )
    cells: list[list[Child]] = [[line.name, *map(told, line.values)] for line in lines]
    return figure(
        line_chart(name, f"{y_title} by length of the list", lines, steps,
                   ("Length of the list", y_title), at=lengths),
        chips(lines),
        legend(dashes([row for row, _ in found], looks(comparison))),
        reading(_told(found, lengths)),
        below=folded_table(["", *steps], cells),
    )  # fmt: skip


def _told(found: Sequence[tuple[Row, FloatArray]], lengths: Sequence[int]) -> str:
    """Say who finds most in the best 10 and in the whole list."""
    ten = max((n for n, length in enumerate(lengths) if length <= 10), default=0)
    said = []
    for place in dict.fromkeys((ten, len(lengths) - 1)):
        there = [(row, float(curve[place])) for row, curve in found if len(curve) > place]
        row, value = max(there, key=lambda pair: pair[1])
        said.append(f"with {lengths[place]} items {row.short} ({wording.number(value)})")
    return f"Highest {' and '.join(said)}."


def _overlap(comparison: ComparisonResult, files: RunFiles) -> Markup | None:
    rows = [row for row, _, _, _ in lit_first(comparison, [(r, None) for r in comparison.done])]
    known = {
        row.label: [each for path in comparison.run_folders(row).values()
                    if (each := _lists_of(row, path, files)) is not None]
        for row in rows
    }  # fmt: skip
    rows = [row for row in rows if known[row.label]][:_MOST_ROWS]
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


def _lists_of(row: Row, path: Path, files: RunFiles) -> _Lists | None:
    """Return a run's lists of a sample of its users, the same for all rows."""
    listed = files.arrays(path, f"lists-{row.stage}-test.npz")
    if listed is None or not listed["items"].size:
        return None
    order = np.random.default_rng(0).permutation(int(listed["user_id"].max()) + 1)
    kept = np.sort(np.argsort(order[listed["user_id"]], kind="stable")[:_MOST_USERS])
    ids = files.digest(path, "ids.json")
    return _Lists(listed["user_id"][kept], listed["items"][kept].astype(np.int64), ids)


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
        line: list[Child] = [row.short]
        for j in range(len(rows)):
            value = values.get((i, j))
            if value is None:
                line.append("–")
                continue
            share = min(max((value - low) / (high - low), 0.0), 1.0) if high > low else 0.5
            kind = "seeds" if i == j else f"heat-{round(share * _SHADES)}"
            line.append(node("td", wording.number(value, 2), class_=kind))
        cells.append(line)
    return table(["", *(row.short for row in rows)], cells, name, class_="matrix")


def _most_alike(rows: Sequence[Row], pairs: dict[tuple[int, int], Overlap]) -> str:
    apart = {key: each.jaccard for key, each in pairs.items() if key[0] < key[1]}
    most, least = max(apart, key=apart.__getitem__), min(apart, key=apart.__getitem__)
    said = (
        f"The most alike are {rows[most[0]].short} and {rows[most[1]].short} "
        f"({wording.percent(apart[most])} of their items in common)"
    )
    if most != least:
        said += (
            f", the least {rows[least[0]].short} and {rows[least[1]].short} "
            f"({wording.percent(apart[least])})"
        )
    chance = [each.jaccard for (i, j), each in pairs.items() if i == j]
    if chance:
        said += (
            f"; two seeds of one row have {wording.percent(sum(chance) / len(chance))} in common "
            "on average"
        )
    return f"{said}."

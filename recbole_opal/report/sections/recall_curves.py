"""Recall at each length of the list, out of the saved lists of the test part."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from recbole_opal.comparison.result import ComparisonResult
from recbole_opal.comparison.row import Row
from recbole_opal.report import wording
from recbole_opal.report.charts.linechart import Line, line_chart
from recbole_opal.report.elements import chips, figure, folded_table, legend, reading, tabs
from recbole_opal.report.grouping import FloatArray
from recbole_opal.report.looks import dashes, lit_first, looks
from recbole_opal.report.markup import Child, Markup, join, node
from recbole_opal.report.run_files import RunFiles
from recbole_opal.report.saved_lists import recall_curve

__all__ = ["recall_curves"]

_LENGTHS = (1, 2, 3, 5, 7, 10, 15, 20, 30, 40, 50, 70, 100, 150, 200, 300, 500, 700, 1000)


def recall_curves(comparison: ComparisonResult, files: RunFiles) -> Markup | None:
    """Return the chart, and one of differences to OPAL; None where no run left lists."""
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
        panels[f"Difference to {reference.named}"] = _chart(
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
                row.named, row.family, values.tolist(), [0.0] * len(lengths), look.colour, lit=lit,
                dashed=look.dashed, signed=less is not None,
            )
        )  # fmt: skip
    steps = [str(length) for length in lengths]
    y_title = "Recall" if less is None else f"Recall minus that of {less[0].named}"
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
        said.append(f"with {lengths[place]} items {row.named} ({wording.number(value)})")
    return f"Highest {' and '.join(said)}."

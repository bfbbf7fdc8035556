"""The main metric by history length, and recall by popularity of the target."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from recbole_opal.comparison.result import ComparisonResult
from recbole_opal.comparison.row import Row
from recbole_opal.evaluation.direction import title_of
from recbole_opal.report import grouping, wording
from recbole_opal.report.charts.linechart import Line, line_chart
from recbole_opal.report.elements import Section, chips, figure, folded_table, legend, note, reading
from recbole_opal.report.grouping import Groups
from recbole_opal.report.looks import dashes, lit_first, looks
from recbole_opal.report.markup import Child, Markup, join, node
from recbole_opal.report.readings import Grouped, lengths_told, popularity_told
from recbole_opal.report.run_files import RunFiles

__all__ = ["groups"]

_NORMAL_95 = 1.96
_EVERY_TENTH = (
    "Every tenth holds equally many items; each target counts once, so users with many targets "
    "weigh more than in recall."
)
_Titles = tuple[str, str]


def groups(comparison: ComparisonResult, files: RunFiles) -> Section | None:
    """Return the section; None where no run left values for each user."""
    parts = [_by_length(comparison, files), _by_popularity(comparison, files)]
    return Section("groups", "Who and what is served", join(parts)) if any(parts) else None


def _by_length(comparison: ComparisonResult, files: RunFiles) -> Markup | None:
    metric = comparison.metric
    bins: list[tuple[int, int]] = []

    def measure(row: Row, path: Path) -> Groups | None:
        arrays = files.arrays(path, f"per_user-{row.stage}-test.npz") or {}
        if metric not in arrays or "history_length" not in arrays:
            return None
        lengths = arrays["history_length"].astype(np.int64)
        bins[:] = bins or grouping.length_bins(lengths)
        places = np.searchsorted([low for low, _ in bins], lengths, side="right") - 1
        return grouping.by_group(arrays[metric], places.astype(np.int64), len(bins))

    means = _measured(comparison, measure)
    if not bins:
        return None
    steps = [str(low) if low == high else f"{low}–{high}" for low, high in bins]
    axes = ("Interactions before the test part", wording.axis_name(metric))
    return join(
        node("h3", f"{title_of(metric)} by history length"),
        _chart(
            comparison, means, "lengths", steps, axes,
            reading(*lengths_told(comparison, means, steps)),
            note("Groups of about equally many users; bars are 95 % intervals of the mean over "
                 "users."),
        ),
    )  # fmt: skip


def _by_popularity(comparison: ComparisonResult, files: RunFiles) -> Markup | None:
    k = comparison.k

    def measure(row: Row, path: Path) -> Groups | None:
        lists = files.arrays(path, f"lists-{row.stage}-test.npz")
        targets = files.arrays(path, "targets-test.npz")
        counts = files.arrays(path, "item_counts.npz")
        if lists is None or targets is None or counts is None:
            return None
        if int(targets["item"].max(initial=0)) >= len(counts["counts"]):
            files.tell(f"{path / 'targets-test.npz'} names items that are not counted.")
            return None
        listed, met = (
            (lists["user_id"], lists["items"][:, :k]),
            (targets["user_id"], targets["item"]),
        )
        deciles = grouping.decile_of_item(counts["counts"])
        return grouping.recall_by_decile(*listed, *met, deciles)

    means = _measured(comparison, measure)
    if not means:
        return None
    steps = ["rarest", *map(str, range(2, 10)), "top"]
    axes = ("Tenths of the items by training count", f"Share of targets found in the best {k}")
    return join(
        node("h3", "Targets found, by popularity of the target"),
        _chart(
            comparison, means, "deciles", steps, axes,
            reading(*popularity_told(means)), note(_EVERY_TENTH),
        ),
    )  # fmt: skip


def _measured(
    comparison: ComparisonResult, measure: Callable[[Row, Path], Groups | None]
) -> Grouped:
    """Return the means over seeds of the rows of which a run has what is measured."""
    found = []
    for row in comparison.done:
        folders = comparison.run_folders(row).values()
        seeds = [one for path in folders if (one := measure(row, path)) is not None]
        found += [(row, grouping.over_seeds(seeds))] if seeds else []
    return found


def _chart(
    comparison: ComparisonResult,
    means: Grouped,
    name: str,
    steps: Sequence[str],
    axes: _Titles,
    *said: Child,
) -> Markup:
    """Return the chart of all rows, a few of them lit, with its chips and its numbers."""
    lines = [
        Line(
            row.named, row.family, found.means.tolist(), (_NORMAL_95 * found.errors).tolist(),
            look.colour, lit=lit, dashed=look.dashed,
        )
        for row, found, look, lit in lit_first(comparison, means)
    ]  # fmt: skip
    cells: list[list[Child]] = [[line.name, *map(wording.number, line.values)] for line in lines]
    cells.append(["in the group", *(f"{size:,}" for size in means[0][1].sizes.tolist())])
    x_title, y_title = axes
    return figure(
        line_chart(name, f"{y_title}: {x_title.lower()}", lines, steps, axes),
        chips(lines),
        legend(dashes([row for row, _ in means], looks(comparison))),
        *said,
        below=folded_table(["", *steps], cells),
    )

"""Section 3: the main metric by history length, and recall by popularity of the target."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from recbole_opal.report import numbers
from recbole_opal.report.files import RunFiles
from recbole_opal.report.groups import (
    Groups,
    by_group,
    decile_of_item,
    length_bins,
    recall_by_decile,
)
from recbole_opal.report.linechart import Line, line_chart
from recbole_opal.report.markup import Markup, join, node
from recbole_opal.report.parts import Section, chips, figure, number_table, reading
from recbole_opal.report.sections.slice_readings import length_reading, popularity_reading
from recbole_opal.report.series import colour, lit_rows
from recbole_opal.report.source import Comparison

__all__ = ["slices"]

_NORMAL_95 = 1.96


def slices(comparison: Comparison, files: RunFiles) -> Section | None:
    """Return the section; None where no run left values for each user."""
    parts = [_by_length(comparison, files), _by_popularity(comparison, files)]
    shown = [part for part in parts if part is not None]
    return Section("groups", "Who and what is served", join(shown)) if shown else None


def _by_length(comparison: Comparison, files: RunFiles) -> Markup | None:
    metric = comparison.metric
    bins: list[tuple[int, int]] = []
    means: dict[int, Groups] = {}
    rows = comparison.done
    for index, row in enumerate(rows):
        found = []
        for arrays in files.of_seeds(row, "per_user-{stage}-test.npz"):
            if metric not in arrays or "history_length" not in arrays:
                continue
            lengths = arrays["history_length"].astype(np.int64)
            bins = bins or length_bins(lengths)
            starts = np.array([low for low, _ in bins])
            groups = np.searchsorted(starts, lengths, side="right") - 1
            found.append(by_group(arrays[metric], groups.astype(np.int64), len(bins)))
        if found:
            means[index] = _over_seeds(found)
    if not bins:
        return None
    steps = [str(low) if low == high else f"{low}–{high}" for low, high in bins]
    name = numbers.metric_name(metric)
    return join(
        node("h3", f"{name} by history length"),
        _chart(comparison, means, steps, "lengths", "Interactions before the test part",
               numbers.axis_name(metric)),
        reading(*length_reading(comparison, means, steps)),
        node("p", "Groups of about equally many users; bars are 95 % intervals of the mean over "
                  "users.", class_="note"),
    )  # fmt: skip


def _by_popularity(comparison: Comparison, files: RunFiles) -> Markup | None:
    means: dict[int, Groups] = {}
    for index, row in enumerate(comparison.done):
        found = []
        for path in row.runs.values():
            lists = files.arrays(path, f"lists-{row.stage}-test.npz")
            targets = files.arrays(path, "targets-test.npz")
            counts = files.arrays(path, "item_counts.npz")
            if lists is None or targets is None or counts is None:
                continue
            if int(targets["item"].max(initial=0)) >= len(counts["counts"]):
                files.tell(f"{path / 'targets-test.npz'} names items that are not counted.")
                continue
            found.append(
                recall_by_decile(
                    lists["user_id"],
                    lists["items"][:, : comparison.k],
                    targets["user_id"],
                    targets["item"],
                    decile_of_item(counts["counts"]),
                )  # fmt: skip
            )
        if found:
            means[index] = _over_seeds(found)
    if not means:
        return None
    name = f"Share of targets found in the best {comparison.k}"
    steps = ["rarest", *(str(number) for number in range(2, 10)), "top"]
    return join(
        node("h3", "Targets found, by popularity of the target"),
        _chart(comparison, means, steps, "deciles", "Tenths of the items by training count", name),
        reading(*popularity_reading(comparison, means)),
        node("p", "Every tenth holds equally many items; each target counts once, so users with "
                  "many targets weigh more than in recall.", class_="note"),
    )  # fmt: skip


def _over_seeds(found: Sequence[Groups]) -> Groups:
    """Return means over seeds; the error stays that of one seed, whose users are the same."""
    return Groups(
        np.mean([g.means for g in found], axis=0),
        np.mean([g.errors for g in found], axis=0),
        found[0].sizes,
    )


def _chart(
    comparison: Comparison, means: dict[int, Groups], steps: Sequence[str],
    name: str, x_title: str, y_title: str,
) -> Markup:  # fmt: skip
    rows = [comparison.done[index] for index in means]
    lit = lit_rows(comparison, rows)
    ordered = lit + [row for row in rows if row not in lit]
    lines = []
    for position, row in enumerate(ordered):
        groups = means[comparison.done.index(row)]
        errors = (_NORMAL_95 * groups.errors).tolist()
        lines.append(
            Line(
                row.short,
                row.family,
                groups.means.tolist(),
                errors,
                colour(position),
                lit=position < len(lit),
            )  # fmt: skip
        )
    sizes = next(iter(means.values())).sizes
    header = ["", *steps]
    cells: list[list[str]] = [
        [line.name, *(numbers.number(value) for value in line.values)] for line in lines
    ]
    cells.append(["in the group", *(f"{size:,}" for size in sizes.tolist())])
    return node(
        "div",
        figure(
            join(
                line_chart(name, f"{y_title}: {x_title.lower()}", lines, steps, x_title, y_title),
                chips([(line.name, line.colour, line.lit) for line in lines]),
                number_table(header, cells),
            )
        ),
        class_="lit",
    )

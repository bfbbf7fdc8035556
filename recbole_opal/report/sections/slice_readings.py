"""What the pictures by history length and by popularity say, in words."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from recbole_opal.evaluation.direction import best_of, bigger_is_better
from recbole_opal.report import numbers
from recbole_opal.report.groups import Groups
from recbole_opal.report.source import Comparison

__all__ = ["length_reading", "popularity_reading"]


def _best(
    comparison: Comparison, means: dict[int, Groups], group: int, *, bigger: bool
) -> tuple[str, float] | None:
    values = {i: float(groups.means[group]) for i, groups in means.items()}
    finite = {i: value for i, value in values.items() if math.isfinite(value)}
    index = best_of(finite, finite.get, bigger=bigger)
    return None if index is None else (comparison.done[index].short, finite[index])


def length_reading(
    comparison: Comparison, means: dict[int, Groups], steps: Sequence[str]
) -> list[str]:
    """Say who is best with short and with long histories, and how OPAL's lead changes."""
    said = []
    bigger = bigger_is_better(comparison.metric)
    short, long = (_best(comparison, means, group, bigger=bigger) for group in (0, len(steps) - 1))
    if short and long and len(steps) > 1:
        who = f"{short[0]} ({numbers.number(short[1])})"
        other = "it is too" if long[0] == short[0] else f"it is {long[0]}"
        said.append(
            f"With the shortest histories ({steps[0]}) the best is {who}; with the longest "
            f"({steps[-1]}) {other} ({numbers.number(long[1])})."
        )
    said += _lead(comparison, means, steps)
    return said


def _lead(comparison: Comparison, means: dict[int, Groups], steps: Sequence[str]) -> list[str]:
    """Say how OPAL's distance to the best other row changes from short to long histories."""
    rows = [comparison.done[index] for index in means]
    ranked = sorted(rows, key=lambda row: -comparison.by_validation(row))
    opal = next((row for row in ranked if row.family == "opal"), None)
    other = next((row for row in ranked if row.family != "opal"), None)
    if opal is None or other is None or len(steps) < 2:
        return []
    gap = means[comparison.done.index(opal)].means - means[comparison.done.index(other)].means
    return [
        f"{opal.short} minus {other.short} (each chosen on validation): "
        f"{numbers.signed(float(gap[0]))} at the short end, {numbers.signed(float(gap[-1]))} "
        "at the long end."
    ]


def popularity_reading(comparison: Comparison, means: dict[int, Groups]) -> list[str]:
    """Say how targets are spread over popularity, and who finds the popular and the rare ones."""
    sizes = next(iter(means.values())).sizes
    total = max(int(sizes.sum()), 1)
    top_share, rare_share = sizes[-1] / total, sizes[:5].sum() / total
    said = [
        f"The most popular tenth of the items holds {numbers.percent(top_share)} of the targets, "
        f"the less popular half {numbers.percent(rare_share)}."
    ]
    top = _best(comparison, means, 9, bigger=True)
    if top:
        said.append(f"Of the top tenth {top[0]} finds most ({numbers.percent(top[1])}).")
    rare = {i: _mean_of(groups, slice(0, 5)) for i, groups in means.items()}
    rare = {i: value for i, value in rare.items() if math.isfinite(value)}
    if rare:
        index = max(rare, key=lambda i: rare[i])
        said.append(
            f"Of the less popular half {comparison.done[index].short} finds most "
            f"({numbers.percent(rare[index])})."
        )
    return said


def _mean_of(groups: Groups, part: slice) -> float:
    sizes = groups.sizes[part]
    means = np.nan_to_num(groups.means[part])
    return float((means * sizes).sum() / sizes.sum()) if sizes.sum() else math.nan

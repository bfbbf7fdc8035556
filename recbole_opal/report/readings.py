"""Sentences that are computed from the numbers."""

import math
from collections.abc import Callable, Sequence

import numpy as np

from recbole_opal.comparison.result import ComparisonResult
from recbole_opal.comparison.row import Row
from recbole_opal.evaluation.direction import best_of, bigger_is_better, sign_of, title_of
from recbole_opal.report.grouping import Groups
from recbole_opal.report.rows import to_opal
from recbole_opal.report.wording import listed, number, percent, relative, signed, with_spread

__all__ = [
    "Grouped",
    "bargains",
    "compared_with_opal",
    "cut_short_told",
    "frontier",
    "lengths_told",
    "popularity_told",
    "winner",
]

Grouped = Sequence[tuple[Row, Groups]]
"""Rows with their means in the same groups."""


def cut_short_told(rows: Sequence[Row]) -> str | None:
    """Say how many rows were cut short, and what that means; None if none was."""
    cut = [row.named for row in rows if row.cut_short]
    if not cut:
        return None
    which = "The only row" if len(rows) == 1 else f"{len(cut)} of {len(rows)} rows"
    verb = "was" if len(cut) == 1 else "were"
    names = "" if len(rows) == 1 else f" ({listed(cut, 6)})"
    return (
        f"{which} {verb} cut short{names}: a bound on time or epochs ended the training while "
        "validation was at its best, so that more training might change numbers and order."
    )


def winner(comparison: ComparisonResult) -> str | None:
    """Say who is best on validation and on test, by how much, and whether it is certain.

    And how far this can be trusted where rows were cut short in training.
    """
    said, rows = _winner(comparison), comparison.done
    cut = sum(row.cut_short > 0 for row in rows)
    if not said or not cut:
        return said
    verb = "was" if cut == 1 else "were"
    return f"As far as training went ({cut} of {len(rows)} rows {verb} cut short), {said}"


def _winner(comparison: ComparisonResult) -> str | None:
    rows, metric, best = comparison.done, comparison.metric, comparison.best
    if best is None:
        return None
    name = title_of(metric)
    if metric not in best.test:
        return f"{best.named} is best on validation; it has no {name} on test."
    reached = with_spread(best.test[metric]) + _hint(metric)
    if len(rows) == 1:
        return f"{best.named} reaches {name} {reached}."
    if rows[0] is best:
        other, place = rows[1], "The next"
        said = f"{best.named} is best on validation and on test: {name} {reached}."
    else:
        other = rows[0]
        place = f"The {'highest' if bigger_is_better(metric) else 'lowest'} on test"
        said = f"{best.named} is best on validation, with {name} {reached} on test."
    there, here = other.test[metric].mean, best.test[metric].mean
    said += f" {place}, {other.named}, has {number(there)} ({relative(there, here)})"
    difference = other.against_best.get(metric)
    if difference is None:
        return said + "."
    if difference.excludes_zero:
        return said + "; the 95 % interval of their difference excludes 0."
    rest = [(row.named, row.against_best.get(metric)) for row in rows if row is not other]
    ties = [name for name, found in rest if found is not None and not found.excludes_zero]
    said += "; the 95 % interval of their difference includes 0"
    return said + (f", as it does for {listed(ties)}." if ties else ".")


def compared_with_opal(comparison: ComparisonResult) -> str | None:
    """Say how many rows of other models lie above, below and level with OPAL."""
    metric = comparison.metric
    rows = [row for row in comparison.done if row.family != "opal"]
    found = ((row.named, to_opal(row, metric)) for row in rows)
    others = {name: difference for name, difference in found if difference is not None}
    if not others:
        return None
    reference = comparison.opal.named if comparison.opal else "OPAL"
    above = [name for name, difference in others.items() if difference.low > 0]
    below = [name for name, difference in others.items() if difference.high < 0]
    level = [name for name, difference in others.items() if not difference.excludes_zero]
    if len(others) == 1:
        name = next(iter(others))
        if level:
            return f"{name} is not told apart from {reference}: the interval includes 0."
        return f"{name} is {'higher' if above else 'lower'} than {reference}{_hint(metric)}."
    said = [
        f"{len(names)} {'is' if len(names) == 1 else 'are'} {side} ({listed(names)})"
        for names, side in ((above, "higher"), (below, "lower"))
        if names
    ]
    if level:
        said.append(f"for {len(level)} the interval includes 0 ({listed(level)})")
    which = f"of {len(others)} rows of other models"
    return f"Against {reference}, {which} {listed(said)}{_hint(metric)}."


def _hint(metric: str) -> str:
    return "" if bigger_is_better(metric) else " (lower is better)"


def frontier(metric: str, rows: Sequence[Row], measure: str) -> str:
    """Name the rows, of at least one, that no other beats in both the metric and diversity."""
    sign, up = sign_of(measure), sign_of(metric)
    kept: list[Row] = []
    best = -math.inf
    for row in sorted(rows, key=lambda row: -up * row.test[metric].mean):
        if sign * row.test[measure].mean > best:
            kept.append(row)
            best = sign * row.test[measure].mean
    good, most, less = ("accurate", "the most accurate", "less accurate")
    if up < 0:  # a metric of which less is better is none of accuracy
        good, most, less = ("good", "the best", "worse")
    top, widest = kept[0], kept[-1]
    if top is widest:
        return f"{top.named} is at once {most} and the most diverse."
    first, last = top.test[metric].mean, widest.test[metric].mean
    much = f"{percent(abs(1 - last / first))} " if first else ""
    return (
        f"From {good} to diverse, {listed([row.named for row in kept], 6)} are the {len(kept)} "
        f"rows that no other row beats in both; {widest.named}, the most diverse of all, is "
        f"{much}{less} than {top.named}."
    )


def bargains(metric: str, rows: Sequence[Row], cost: str, told: Callable[[float], str]) -> str:
    """Name the rows, of at least one, that no other beats in both the metric and a cost."""
    sign = sign_of(metric)
    kept: list[Row] = []
    for row in sorted(rows, key=lambda r: (r.costs[cost].mean, -sign * r.test[metric].mean)):
        if not kept or sign * row.test[metric].mean > sign * kept[-1].test[metric].mean:
            kept.append(row)
    least, best = kept[0], kept[-1]
    if least is best:
        return f"{best.named} is at once the best and the cheapest ({told(best.costs[cost].mean)})."
    return (
        f"From cheap to good, {listed([row.named for row in kept], 6)} are the {len(kept)} rows "
        f"that no other beats in both: {least.named} takes {told(least.costs[cost].mean)} for "
        f"{number(least.test[metric].mean)}, {best.named} {told(best.costs[cost].mean)} for "
        f"{number(best.test[metric].mean)}."
    )


def lengths_told(comparison: ComparisonResult, means: Grouped, steps: Sequence[str]) -> list[str]:
    """Say who is best with short and with long histories, and how OPAL's lead changes."""
    if len(steps) < 2:
        return []
    said = []
    bigger = bigger_is_better(comparison.metric)
    ends = [[(row, float(groups.means[end])) for row, groups in means] for end in (0, -1)]
    at_short, at_long = (_best(values, bigger) for values in ends)
    if at_short and at_long:
        (who, value), (other, reached) = at_short, at_long
        said.append(
            f"With the shortest histories ({steps[0]}) the best is {who.named} ({number(value)}); "
            f"with the longest ({steps[-1]}) it is {'too' if other is who else other.named} "
            f"({number(reached)})."
        )
    # OPAL's distance to the best other row.
    found = {id(row): groups.means for row, groups in means}
    ranked = sorted((row for row, _ in means), key=comparison.by_validation, reverse=True)
    opal = next((row for row in ranked if row.family == "opal"), None)
    rival = next((row for row in ranked if row.family != "opal"), None)
    if opal is not None and rival is not None:
        gap = found[id(opal)] - found[id(rival)]
        said.append(
            f"{opal.named} minus {rival.named} (each chosen on validation): "
            f"{signed(float(gap[0]))} at the short end, {signed(float(gap[-1]))} at the long end."
        )
    return said


def popularity_told(means: Grouped) -> list[str]:
    """Say how targets are spread over popularity, and who finds the popular and the rare ones."""
    sizes = means[0][1].sizes
    total = max(int(sizes.sum()), 1)
    said = [
        f"The most popular tenth of the items holds {percent(sizes[-1] / total)} of the targets, "
        f"the less popular half {percent(sizes[:5].sum() / total)}."
    ]
    for name, part in (("top tenth", slice(9, 10)), ("less popular half", slice(0, 5))):
        best = _best([(row, _mean_of(groups, part)) for row, groups in means], bigger=True)
        if best:
            said.append(f"Of the {name} {best[0].named} finds most ({percent(best[1])}).")
    return said


def _best(values: Sequence[tuple[Row, float]], bigger: bool) -> tuple[Row, float] | None:
    return best_of(values, lambda pair: pair[1], bigger=bigger)


def _mean_of(groups: Groups, part: slice) -> float:
    sizes, means = groups.sizes[part], np.nan_to_num(groups.means[part])
    return float((means * sizes).sum() / sizes.sum()) if sizes.sum() else math.nan

"""Sentences that are computed from the numbers."""

from __future__ import annotations

from recbole_opal.evaluation.direction import bigger_is_better, sign_of
from recbole_opal.report import numbers
from recbole_opal.report.source import Comparison, Row

__all__ = ["compared_with_opal", "frontier", "listed", "winner"]


def listed(names: list[str], most: int = 4) -> str:
    """Return `A, B and C`; of many names the first few and how many more."""
    if len(names) > most:
        names = [*names[: most - 1], f"{len(names) - most + 1} more"]
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} and {names[-1]}"


def winner(comparison: Comparison) -> str | None:
    """Say who is best on validation and on test, by how much, and whether it is certain."""
    rows, metric, best = comparison.done, comparison.metric, comparison.best
    if best is None:
        return None
    if metric not in best.test:
        return (
            f"{best.short} is best on validation; it has no {numbers.metric_name(metric)} on test."
        )
    name, value = numbers.metric_name(metric), best.test[metric]
    reached = numbers.with_spread(value.mean, value.sd) + _hint(metric)
    if rows == (best,):
        return f"{best.short} reaches {name} {reached}."
    if rows[0] is best:
        other, said = rows[1], f"{best.short} is best on validation and on test: {name} {reached}."
    else:
        other = rows[0]
        said = f"{best.short} is best on validation, with {name} {reached} on test."
    there = other.test[metric].mean
    edge = "highest" if bigger_is_better(metric) else "lowest"
    place = "The next" if rows[0] is best else f"The {edge} on test"
    said += (
        f" {place}, {other.short}, has {numbers.number(there)} "
        f"({numbers.relative(there, value.mean)})"
    )
    difference = other.against_best.get(metric)
    if difference is None:
        return said + "."
    if difference.excludes_zero:
        return said + "; the 95 % interval of their difference excludes 0."
    said += "; the 95 % interval of their difference includes 0"
    ties = [row.short for row in rows if row is not other and _ties(row, metric)]
    return said + (f", as it does for {listed(ties)}." if ties else ".")


def compared_with_opal(comparison: Comparison) -> list[str]:
    """Say how many rows of other models lie above, below and level with OPAL."""
    metric = comparison.metric
    others = [r for r in comparison.done if r.family != "opal" and metric in r.against_opal]
    if not others:
        return []
    reference = comparison.opal.short if comparison.opal else "OPAL"
    above = [r for r in others if r.against_opal[metric].low > 0]
    below = [r for r in others if r.against_opal[metric].high < 0]
    level = [r for r in others if not r.against_opal[metric].excludes_zero]
    said = []
    for rows, words in ((above, "higher"), (below, "lower")):
        if rows:
            verb = "is" if len(rows) == 1 else "are"
            said.append(f"{len(rows)} {verb} {words} ({listed([r.short for r in rows])})")
    if level:
        names = listed([r.short for r in level])
        said.append(f"for {len(level)} the interval includes 0 ({names})")
    return [
        f"Against {reference}, of {len(others)} rows of other models {listed(said)}{_hint(metric)}."
    ]


def _hint(metric: str) -> str:
    return "" if bigger_is_better(metric) else " (lower is better)"


def _ties(row: Row, metric: str) -> bool:
    difference = row.against_best.get(metric)
    return difference is not None and not difference.excludes_zero


def frontier(comparison: Comparison, rows: list[Row], measure: str) -> str:
    """Name the rows that no other beats in both accuracy and diversity.

    Args:
        comparison: gives the accuracy.
        rows: those with the measure, at least one.
        measure: of diversity, as `coverage@50`.
    """
    metric, sign, up = comparison.metric, sign_of(measure), sign_of(comparison.metric)
    ranked = sorted(rows, key=lambda row: -up * row.test[metric].mean)
    kept: list[Row] = []
    best = float("-inf")
    for row in ranked:
        if sign * row.test[measure].mean > best:
            kept.append(row)
            best = sign * row.test[measure].mean
    # A metric of which less is better is none of accuracy.
    good, most, less = (
        ("accurate", "the most accurate", "less accurate")
        if up > 0
        else ("good", "the best", "worse")
    )
    if len(kept) == 1:
        return f"{kept[0].short} is at once {most} and the most diverse."
    names = listed([row.short for row in kept], 6)
    first, last = (row.test[metric].mean for row in (kept[0], kept[-1]))
    said = (
        f"From {good} to diverse, {names} are the {len(kept)} rows that no other row beats in "
        f"both; {kept[-1].short}, the most diverse of all, is "
    )
    if first == 0:
        return f"{said}{less} than {kept[0].short}."
    return f"{said}{numbers.percent(abs(1 - last / first))} {less} than {kept[0].short}."

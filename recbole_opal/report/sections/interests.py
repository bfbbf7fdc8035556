"""Section 4: accuracy and diversity against the number of interests (figures 3 and 4)."""

from __future__ import annotations

import math

from recbole_opal.evaluation.direction import bigger_is_better, sign_of
from recbole_opal.report import numbers
from recbole_opal.report.linechart import Line, line_chart
from recbole_opal.report.markup import Child, Markup, join, node
from recbole_opal.report.parts import Section, figure, number_table, reading, tabs
from recbole_opal.report.sections.usage import usage
from recbole_opal.report.series import colour
from recbole_opal.report.source import Comparison, Row, Value
from recbole_opal.report.sweeps import sweeps

__all__ = ["interests"]

_DIVERSITY = ("category_diversity", "coverage", "intra_list_similarity")


def interests(comparison: Comparison) -> Section | None:
    """Return the section; None where no model has several interests."""
    used = usage(comparison)
    found = sweeps(comparison.done)
    if not found:
        return None if used is None else Section("interests", "How many interests", used)
    k = comparison.k
    names = [comparison.metric, f"ndcg@{k}", *(f"{name}@{k}" for name in _DIVERSITY)]
    panels: dict[str, Child] = {}
    for name in dict.fromkeys(names):
        kept = [group for group in found if any(name in row.test for row in group)]
        if kept:
            panels[numbers.metric_name(name)] = _panel(kept, name)
    said = [reading(_reading(comparison, group)) for group in found]
    body = join(tabs("interests-tabs", panels), node("div", said, class_="readings"), used)
    return Section("interests", "How many interests", body)


def _panel(found: list[list[Row]], metric: str) -> Markup:
    counts = sorted({row.num_interests or 0 for group in found for row in group})
    steps = [f"{count}" for count in counts]
    lines = []
    for index, group in enumerate(found):
        values = {row.num_interests: row.test.get(metric) for row in group}
        column = [values.get(count) for count in counts]
        lines.append(
            Line(
                _group_name(group),
                group[-1].family,
                [v.mean if v else math.nan for v in column],
                [_spread(v) for v in column],
                colour(index),
                lit=True,
                dashed=group[0].stage == "hard",
                bridged=True,
            )  # fmt: skip
        )
    name, slug = numbers.metric_name(metric), metric.replace("_", "-").replace("@", "-at-")
    chart = line_chart(f"interests-{slug}", f"{name} by number of interests", lines, steps,
                       "Number of interests K", numbers.axis_name(metric))  # fmt: skip
    cells = [[line.name, *(numbers.number(value) for value in line.values)] for line in lines]
    keys = _narrow_keys(lines)
    return figure(join(chart, keys, number_table(["K", *steps], cells)))


def _narrow_keys(lines: list[Line]) -> Markup:
    """Return the names of the lines for a phone, where they have no room beside them."""
    return node(
        "p",
        [node("span", node("i", data_colour=line.colour), line.name, class_="key")
         for line in lines],
        class_="legend narrow",
    )  # fmt: skip


def _spread(value: Value | None) -> float:
    return value.sd if value and value.sd is not None else math.nan


def _group_name(group: list[Row]) -> str:
    """Return what the rows of a sweep have in common: model, options, stage."""
    first = group[0]
    stage = [] if first.stage in ("train", "") else [first.stage]
    return " ".join([first.model, *first.options, *stage])


def _reading(comparison: Comparison, group: list[Row]) -> str:
    """Say which K is best, and whether the seeds' spread allows to say so."""
    metric, name = comparison.metric, _group_name(group)
    sign, edge = sign_of(metric), "highest" if bigger_is_better(metric) else "lowest"
    best = max(group, key=lambda row: sign * row.test[metric].mean)
    least = group[0]
    if best is least:
        return (
            f"{name}: more interests do not help; K={least.num_interests} is {edge} "
            f"({numbers.number(least.test[metric].mean)})."
        )
    here, there = best.test[metric], least.test[metric]
    gain = numbers.relative(here.mean, there.mean)
    said = (
        f"{name}: {edge} at K={best.num_interests} ({numbers.number(here.mean)}), {gain} to "
        f"K={least.num_interests}"
    )
    if here.sd is None or there.sd is None:
        return said + "; with one seed this may be chance."
    clear = sign * (here.mean - there.mean) > 2 * math.hypot(here.sd, there.sd)
    return said + (", more than twice" if clear else ", within twice") + " the spread over seeds."

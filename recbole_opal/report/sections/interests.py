"""Accuracy and diversity against the number of interests, and whether they are used."""

import math
from collections.abc import Sequence

from recbole_opal.comparison.result import ComparisonResult
from recbole_opal.comparison.row import Row, Spread
from recbole_opal.evaluation.direction import bigger_is_better, sign_of, title_of
from recbole_opal.report import wording
from recbole_opal.report.charts.drawing import slug
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
from recbole_opal.report.looks import dashes, looks, model_colours
from recbole_opal.report.markup import Child, Markup, join, node
from recbole_opal.report.rows import sweeps

__all__ = ["interests"]

_DIVERSITY = ("category_diversity", "coverage", "intra_list_similarity")
_NOTHING = Spread.model_construct(mean=math.nan)
_ABOUT_USE = (
    "An item counts for the interest whose score of it is the largest. Entropy: of each interest's "
    "share of the listed items (or hits), 1 if all K share alike, 0 if one has all. Cosine: mean "
    "over pairs of a user's interests, 1 if they are the same. Idle: it wins nothing in the user's "
    "list."
)
_USAGE = {
    "usage_entropy": "Entropy of the lists",
    "hit_entropy": "Entropy of the hits",
    "cosine": "Cosine of a user's interests",
    "dead_users": "Users with an idle interest",
}


def interests(comparison: ComparisonResult) -> Section | None:
    """Return the section; None where no model has several interests."""
    rows, k = comparison.done, comparison.k
    found, used = sweeps(rows), usage(rows)
    if not found and used is None:
        return None
    names = [comparison.metric, f"ndcg@{k}", *(f"{name}@{k}" for name in _DIVERSITY)]
    panels: dict[str, Child] = {}
    for name in dict.fromkeys(names):
        kept = [group for group in found if any(name in row.test for row in group)]
        if kept:
            panels[title_of(name)] = _panel(comparison, kept, name)
    swept = tabs("interests-tabs", panels) if found else None
    return Section("interests", "How many interests", join(swept, used))


def _panel(comparison: ComparisonResult, found: Sequence[Sequence[Row]], metric: str) -> Markup:
    counts = sorted({row.num_interests or 0 for group in found for row in group})
    colours, known = model_colours(comparison), looks(comparison)
    lines = []
    for group in found:
        values = {row.num_interests: row.test[metric] for row in group if metric in row.test}
        there = [values.get(k, _NOTHING) for k in counts]
        means, errors = [value.mean for value in there], [value.sd or 0.0 for value in there]
        colour, dashed = colours[group[0].model], known[group[0].label].dashed
        look = {"dashed": dashed, "bridged": True}
        lines.append(Line(_group_name(group), group[-1].family, means, errors, colour, **look))
    steps, titles = [str(k) for k in counts], ("Number of interests K", wording.axis_name(metric))
    cells = [[line.name, *map(wording.number, line.values)] for line in lines]
    name, title = f"interests-{slug(metric)}", f"{title_of(metric)} by number of interests"
    return figure(
        line_chart(name, title, lines, steps, titles, at=counts),
        chips(lines),
        legend(dashes([row for group in found for row in group], known)),
        [reading(_reading(metric, group)) for group in found],
        below=folded_table(["K", *steps], cells),
    )


def _group_name(group: Sequence[Row]) -> str:
    """Return what the rows of a sweep have in common: model, options, stage."""
    first = group[0]
    stage = [] if first.stage in ("train", "") else [first.stage]
    return " ".join([first.model, *first.options, *stage])


def _reading(metric: str, group: Sequence[Row]) -> str:
    """Say which K is best, and whether the seeds' spread allows to say so."""
    name, sign = _group_name(group), sign_of(metric)
    edge = "highest" if bigger_is_better(metric) else "lowest"
    group = [row for row in group if metric in row.test]
    best, least = max(group, key=lambda row: sign * row.test[metric].mean), group[0]
    here, there = best.test[metric], least.test[metric]
    if best is least:
        return (
            f"{name}: more interests do not help; K={least.num_interests} is {edge} "
            f"({wording.number(there.mean)})."
        )
    said = (
        f"{name}: {edge} at K={best.num_interests} ({wording.number(here.mean)}), "
        f"{wording.relative(here.mean, there.mean)} to K={least.num_interests}"
    )
    if here.sd is None or there.sd is None:
        return said + "; with one seed this may be chance."
    clear = sign * (here.mean - there.mean) > 2 * math.hypot(here.sd, there.sd)
    return said + (", more than twice" if clear else ", within twice") + " the spread over seeds."


def usage(rows: Sequence[Row]) -> Markup | None:
    """Return a table of the diagnostics of the rows with several interests; None without one."""
    cells: list[list[Child]] = []
    collapsed = []
    for row in rows:
        found = row.diagnostics
        if not found or row.interests < 2:
            continue
        mark = None
        if found.collapsed:
            collapsed.append(row.named)
            mark = node("small", " collapsed", class_="bad")
        texts = [wording.number(getattr(found, name), 2) for name in _USAGE]
        if found.dead_users is not None:
            texts[-1] = wording.percent(found.dead_users)
        cells.append([[row.named, mark], str(row.interests), *texts])
    if not cells:
        return None
    said = f"In none of the {len(cells)} rows with several interests have they collapsed."
    if collapsed:
        verb = "has" if len(collapsed) == 1 else "have"
        names = wording.listed(collapsed)
        said = f"{names} {verb} collapsed: fewer interests are at work than K says."
    return join(
        node("h3", "Are the interests used?"),
        table(["Model", "K", *_USAGE.values()], cells, "use of the interests"),
        reading(said),
        note(_ABOUT_USE),
    )

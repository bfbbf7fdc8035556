"""The table and the words of: does K > 1 give a better curve than K = 1 re-ranked?"""

from collections.abc import Sequence

from recbole_opal.comparison.result import ComparisonResult
from recbole_opal.evaluation.direction import title_of
from recbole_opal.report.elements import note, reading, table
from recbole_opal.report.equal_diversity import AtEqualDiversity, at_equal_diversity, verdict
from recbole_opal.report.markup import Child, Markup, join, node
from recbole_opal.report.reranked_rows import Reranked
from recbole_opal.report.tradeoffs import Knob
from recbole_opal.report.wording import interval, listed, number, signed
from recbole_opal.statistics.paired import PairedDifference

__all__ = ["several_against_one"]

_WAYS: dict[Knob, str] = {
    "diversity": "by lambda",
    "by_share": "by places shared out",
    "per_interest": "by n places each",
}
_SIDES = {"better": "better", "worse": "worse", "no difference": "not different"}
_HOW = (
    "The mean difference of accuracy where both lists are equally diverse, over the range that "
    "both reach (between two settings in a straight line), with the 95 % interval over users, each "
    "by itself. The one vector is always re-ranked by lambda. Less and more diverse: the halves of "
    "the range."
)
_Found = tuple[Reranked, Knob, Reranked, AtEqualDiversity | None]


def several_against_one(
    comparison: ComparisonResult, rows: Sequence[Reranked], metric: str, measure: str
) -> Markup | None:
    """Compare each row of several interests with rows of one vector at equal diversity.

    With the best of one vector on validation, and with its own model of K = 1 where there is one.
    None where there is nothing to compare.
    """
    ones = [each for each in rows if each.row.interests == 1 and "diversity" in each.curves]
    several = [each for each in rows if each.row.interests > 1]
    if not ones or not several:
        return None
    best = max(ones, key=lambda each: comparison.by_validation(each.row))
    found: list[_Found] = []
    for each in several:
        for knob in each.curves:
            for one in _controls(each, ones, best):
                there = one.curves["diversity"]
                found.append(
                    (each, knob, one, at_equal_diversity(each.curves[knob], there, measure))
                )
    header = ["Row", "Re-ranked", "Against", "Shared range", "Difference", "Less diverse",
              "More diverse", "Curve"]  # fmt: skip
    return join(
        node("h3", "Is K > 1 better than K = 1, re-ranked?"),
        reading(*(_said(found, knob, best, metric, measure) for knob in _WAYS), _cut_short(found)),
        table(header, [_cells(*line) for line in found], "several interests against one"),
        note(_HOW),
    )


def _controls(each: Reranked, ones: Sequence[Reranked], best: Reranked) -> list[Reranked]:
    row = each.row
    own = [
        one
        for one in ones
        if one is not best
        and (one.row.model, one.row.stage, one.row.options) == (row.model, row.stage, row.options)
    ]
    return [best, *own]


def _cells(
    each: Reranked, knob: Knob, one: Reranked, found: AtEqualDiversity | None
) -> list[Child]:
    start: list[Child] = [each.row.short, _WAYS[knob], one.row.short]
    if found is None:
        return [*start, "none", *["–"] * 4]
    parts = (found.whole, found.near, found.far)
    reach = f"{number(found.low, 3)}–{number(found.high, 3)}"
    return [*start, reach, *map(_told, parts), verdict(found.whole)]


def _told(difference: PairedDifference) -> str:
    span = interval(difference.low, difference.high)
    return f"{signed(difference.difference)} {span}"


def _said(
    found: Sequence[_Found], knob: Knob, best: Reranked, metric: str, measure: str
) -> str | None:
    """Say for one knob how many rows lie above, below and level with the best of one vector."""
    lines = [(each, at) for each, way, one, at in found if way == knob and one is best]
    if not lines:
        return None
    sides: dict[str, list[str]] = {side: [] for side in _SIDES}
    where = []
    for each, at in lines:
        if at is None:
            continue
        sides[verdict(at.whole)].append(each.row.short)
        if verdict(at.near) != verdict(at.far):
            where.append(
                f"{each.row.short} is {_SIDES[verdict(at.near)]} in the less diverse half of the "
                f"range and {_SIDES[verdict(at.far)]} in the more diverse half."
            )
    parts = [
        f"{len(names)} {'is' if len(names) == 1 else 'are'} {_SIDES[side]} ({listed(names)})"
        for side, names in sides.items()
        if names
    ]
    apart = [each.row.short for each, at in lines if at is None]
    parts += [f"{len(apart)} reach no common diversity ({listed(apart)})"] if apart else []
    answer = "Yes, for some" if sides["better"] else "No"
    said = (
        f"{answer}: of {_rows(len(lines))} of several interests, re-ranked {_WAYS[knob]}, "
        f"{listed(parts)} in {title_of(metric)} at equal {title_of(measure).lower()}, against "
        f"{best.row.short} re-ranked."
    )
    return " ".join([said, *where[:3]])


def _cut_short(found: Sequence[_Found]) -> str | None:
    """Name the compared rows whose training a bound has ended: what they show may be its doing."""
    rows = [each.row for line in found for each in (line[0], line[2])]
    names = list(dict.fromkeys(row.short for row in rows if row.cut_short))
    if not names:
        return None
    return f"Cut short in training, so that with more of it this might change: {listed(names)}."


def _rows(count: int) -> str:
    return "1 row" if count == 1 else f"{count} rows"

"""The table and the words of: does K > 1 give a better curve than K = 1 re-ranked?"""

from collections.abc import Sequence

from recbole_opal.comparison.result import ComparisonResult
from recbole_opal.evaluation.direction import title_of
from recbole_opal.report import wording
from recbole_opal.report.elements import note, reading, table
from recbole_opal.report.equal_diversity import AtEqualDiversity, at_equal_diversity, verdict
from recbole_opal.report.markup import Child, Markup, join, node
from recbole_opal.report.reranked_rows import Reranked
from recbole_opal.report.tradeoffs import Knob
from recbole_opal.statistics.paired import PairedDifference

__all__ = ["several_against_one"]

_WAYS: dict[Knob, str] = {"diversity": "lambda", "by_share": "by share", "per_interest": "n each"}
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
    header = ["Row", "Re-ranked by", "Against", "Shared range", "Difference", "Less diverse",
              "More diverse", "Curve"]  # fmt: skip
    return join(
        node("h3", "Is K > 1 better than K = 1, re-ranked?"),
        reading(*(_said(found, knob, best, metric, measure) for knob in _WAYS)),
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
    reach = f"{wording.number(found.low, 3)}–{wording.number(found.high, 3)}"
    return [*start, reach, *map(_told, parts), verdict(found.whole)]


def _told(difference: PairedDifference) -> str:
    span = wording.interval(difference.low, difference.high)
    return f"{wording.signed(difference.difference)} {span}"


def _said(
    found: Sequence[_Found], knob: Knob, best: Reranked, metric: str, measure: str
) -> str | None:
    """Say for one knob how many rows lie above, below and level with the best of one vector."""
    lines = [(each, at) for each, way, one, at in found if way == knob and one is best]
    if not lines:
        return None
    sides: dict[str, list[str]] = {"better": [], "worse": [], "no difference": []}
    apart = [each.row.short for each, at in lines if at is None]
    where = []
    for each, at in lines:
        if at is None:
            continue
        sides[verdict(at.whole)].append(each.row.short)
        if verdict(at.near) != verdict(at.far):
            where.append(
                f"{each.row.short} is {_word(at.near)} in the less diverse half of the range and "
                f"{_word(at.far)} in the more diverse half."
            )
    parts = [f"{len(n)} {side} ({wording.listed(n)})" for side, n in sides.items() if n]
    parts += [f"{len(apart)} share no range ({wording.listed(apart)})"] if apart else []
    answer = "Yes, for some" if sides["better"] else "No"
    said = (
        f"{answer}: re-ranked by {_WAYS[knob]}, of {len(lines)} rows of several interests "
        f"{'are' if len(lines) > 1 else 'is'}, in {title_of(metric)} at equal "
        f"{title_of(measure).lower()}, against {best.row.short} re-ranked: {wording.listed(parts)}."
    )
    return " ".join([said, *where[:3]])


def _word(difference: PairedDifference) -> str:
    found = verdict(difference)
    return "level" if found == "no difference" else found

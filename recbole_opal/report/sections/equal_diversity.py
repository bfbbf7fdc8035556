"""The table and the words of: does K > 1 give a better curve than K = 1 re-ranked?"""

from collections.abc import Sequence
from dataclasses import dataclass

from recbole_opal.comparison.result import ComparisonResult
from recbole_opal.evaluation.direction import title_of
from recbole_opal.report.elements import note, reading, table
from recbole_opal.report.equal_diversity import AtEqualDiversity, at_equal_diversity, verdict
from recbole_opal.report.markup import Child, Markup, join, node
from recbole_opal.report.reranked_rows import Reranked
from recbole_opal.report.tradeoffs import Knob
from recbole_opal.report.wording import interval, listed, number, signed

__all__ = ["several_against_one"]

_WAYS: dict[Knob, str] = {
    "diversity": "by lambda",
    "by_share": "by places shared out",
    "per_interest": "by n places each",
}
_HEADER = ("Row", "Re-ranked", "Against", "Shared range", "Difference", "Less diverse",
           "More diverse", "Curve")  # fmt: skip
_HOW = (
    "The mean difference of accuracy where both lists are equally diverse, over the range that "
    "both reach (between two settings in a straight line), with the 95 % interval over users, each "
    "by itself: it tells what other users would change, not what another training would. The one "
    "vector is always re-ranked by lambda. Less and more diverse: the halves of the range."
)


@dataclass(frozen=True)
class _Compared:
    """A row of several interests, re-ranked in one way, and one of one vector."""

    several: Reranked
    knob: Knob
    one: Reranked
    found: AtEqualDiversity | None

    @property
    def side(self) -> str:
        return verdict(self.found.whole) if self.found else "none"

    def cells(self) -> list[Child]:
        start: list[Child] = [self.several.row.named, _WAYS[self.knob], self.one.row.named]
        if self.found is None:
            return [*start, "none", *["–"] * 4]
        parts = (self.found.whole, self.found.near, self.found.far)
        told = [f"{signed(each.difference)} {interval(each.low, each.high)}" for each in parts]
        reach = f"{number(self.found.low, 3)}–{number(self.found.high, 3)}"
        return [*start, reach, *told, self.side]


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
    found = [
        _Compared(each, knob, one, at_equal_diversity(curve, one.curves["diversity"], measure))
        for each in several
        for knob, curve in each.curves.items()
        for one in ones
        if one is best or _same_model(one, each)
    ]
    return join(
        node("h3", "Is K > 1 better than K = 1, re-ranked?"),
        reading(
            _answer([each for each in found if each.one is best], metric, measure),
            _own([each for each in found if _same_model(each.one, each.several)]),
            _cut_short(found),
        ),
        table(_HEADER, [each.cells() for each in found], "several interests against one"),
        note(_HOW),
    )


def _same_model(one: Reranked, other: Reranked) -> bool:
    """Tell whether two rows differ in nothing but K."""
    return (one.row.model, one.row.stage, one.row.options) == (
        other.row.model, other.row.stage, other.row.options,
    )  # fmt: skip


def _answer(found: Sequence[_Compared], metric: str, measure: str) -> str:
    """Say for each knob which rows lie above, below and level with the best of one vector."""
    answer = "Yes, for some" if any(each.side == "better" for each in found) else "No"
    ways = [
        f"{way}, {_sides([each for each in found if each.knob == knob])}"
        for knob, way in _WAYS.items()
        if any(each.knob == knob for each in found)
    ]
    halves = [
        f"{each.several.row.named} {_WAYS[each.knob]} {_is(verdict(at.near))} in the less diverse "
        f"half of the range and {_is(verdict(at.far))} in the more diverse half."
        for each in found
        if (at := each.found) and verdict(at.near) != verdict(at.far)
    ]
    said = (
        f"{answer}: in {title_of(metric)} at equal {title_of(measure).lower()}, against "
        f"{found[0].one.row.named} (the best of one vector on validation) re-ranked: "
        f"{'; '.join(ways)}."
    )
    return " ".join([said, *halves[:3]])


def _own(found: Sequence[_Compared]) -> str | None:
    """Say the same of models against themselves with K = 1, by lambda."""
    own = [each for each in found if each.knob == "diversity"]
    return f"Against the same model with K = 1, by lambda: {_sides(own)}." if own else None


def _sides(found: Sequence[_Compared]) -> str:
    """Return `A and B are better, C reaches no common diversity`."""
    parts = []
    for side in ("better", "worse", "no difference", "none"):
        names = [each.several.row.named for each in found if each.side == side]
        if names:
            parts.append(f"{listed(names)} {_is(side, len(names))}")
    return ", ".join(parts)


def _is(side: str, count: int = 1) -> str:
    if side == "none":
        return "reaches no common diversity" if count == 1 else "reach no common diversity"
    verb = "is" if count == 1 else "are"
    return f"{verb} {'not different' if side == 'no difference' else side}"


def _cut_short(found: Sequence[_Compared]) -> str | None:
    """Name the compared rows whose training a bound has ended: what they show may be its doing."""
    rows = [each.row for line in found for each in (line.several, line.one)]
    names = list(dict.fromkeys(row.named for row in rows if row.cut_short))
    if not names:
        return None
    return f"Cut short in training, so that with more of it this might change: {listed(names)}."

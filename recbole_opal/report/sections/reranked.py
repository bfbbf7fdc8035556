"""Accuracy against diversity as lists are re-ranked, and whether several interests help there."""

from collections.abc import Mapping, Sequence

from recbole_opal.comparison.result import ComparisonResult
from recbole_opal.evaluation.direction import title_of
from recbole_opal.report import wording
from recbole_opal.report.charts import drawing
from recbole_opal.report.charts.curvechart import Curve, curve_chart
from recbole_opal.report.elements import Section, chips, folded_table, note, tabs
from recbole_opal.report.markup import Child, Markup, join, node
from recbole_opal.report.reranked_rows import MOST_USERS, Reranked, RerankedRows, metric_of
from recbole_opal.report.rows import colour, lit_rows
from recbole_opal.report.sections.equal_diversity import several_against_one
from recbole_opal.report.tradeoffs import Knob, TradeoffCurve
from recbole_opal.reranking import Reranking

__all__ = ["reranked"]

_KNOBS: Mapping[Knob, str] = {
    "diversity": "lambda",
    "by_share": "part of the list shared out",
    "per_interest": "places for each interest",
}


def reranked(comparison: ComparisonResult, found: RerankedRows) -> Section | None:
    """Return the section; None where no row has interests."""
    rows = [each for each in found.done if each.curves]
    parts: list[Child] = []
    if rows:
        parts += _curves(comparison, rows)
    if found.without:
        parts.append(note(f"Left out: {wording.listed(found.without)}. {_OLD}"))
    title = "Accuracy against diversity, re-ranked"
    return Section("reranked", title, join(parts)) if parts else None


def _curves(comparison: ComparisonResult, rows: Sequence[Reranked]) -> list[Child]:
    """Return what is known of at least one row: the charts, and several interests against one."""
    k, metric = comparison.k, f"{metric_of(comparison).name}@{comparison.k}"
    curves = [curve for each in rows for curve in each.curves.values()]
    measures = list(curves[0].diversity)
    parts: list[Child] = [note(_how(k, max(len(curve.tokens) for curve in curves)))]
    if any("diversity" in each.curves for each in rows):
        panels = {
            title_of(name): _figure(comparison, rows, "diversity", metric, name)
            for name in measures
        }
        parts += [node("h3", "As lambda grows"), tabs("reranked-lambda", panels)]
    if any("by_share" in each.curves for each in rows):
        panels = {
            f"{title_of(name)}, {title}": _figure(comparison, rows, knob, metric, name)
            for name in measures
            for knob, title in _PLACES
        }
        parts += [node("h3", "As interests have places of their own")]
        parts += [tabs("reranked-places", panels), note(_ABOUT_PLACES)]
    return [*parts, several_against_one(comparison, rows, metric, measures[0])]


_OLD = "Their runs were made by a version that kept no histories; train them again to see them."
_PLACES: Sequence[tuple[Knob, str]] = (("by_share", "by share"), ("per_interest", "n each"))
_ABOUT_PLACES = (
    "A row of one vector has no places to share out: it is dashed, as lambda grows. By share: so "
    "much of the list is divided among the interests in use by their share of the history, the "
    "rest goes by score. n each: at least n places for each interest in use."
)


def _how(k: int, users: int) -> str:
    budget = Reranking(diversity=1.0).budget(k)
    drawn = " drawn once for all rows" if users == MOST_USERS else ""
    return (
        f"Lists of {k} chosen again out of {budget} candidates a user, as many whatever the number "
        f"of interests, for {users:,} users{drawn} and the first seed of each row. Lambda: what "
        "each pair of a list without a common category is worth, in units of the range of the "
        "plain list's scores (the greedy rule of ComiRec). At 0 the list is the plain one."
    )


def _figure(
    comparison: ComparisonResult, rows: Sequence[Reranked], knob: Knob, metric: str, measure: str
) -> Markup:
    drawn = [(each, curve) for each in rows if (curve := _curve_of(each, knob)) is not None]
    order = {
        id(row): place
        for place, row in enumerate(lit_rows(comparison, [each.row for each, _ in drawn]))
    }
    drawn.sort(key=lambda pair: order.get(id(pair[0].row), len(order)))
    curves = [
        _drawn(each, curve, metric, measure, colour(place), lit=place < len(order))
        for place, (each, curve) in enumerate(drawn)
    ]
    titles = (f"{title_of(measure)} (more diverse →)", wording.axis_name(metric))
    name = f"reranked-{knob.replace('_', '-')}-{drawing.slug(measure)}"
    title = f"{title_of(metric)} against {title_of(measure)}, re-ranked"
    figure = node(
        "figure",
        curve_chart(name, title, curves, titles),
        chips([(curve.name, curve.colour, curve.lit) for curve in curves]),
        _numbers([(each, curve) for each, curve in drawn if curve.knob == knob], measure),
    )
    return node("div", figure, class_="lit")


def _curve_of(each: Reranked, knob: Knob) -> TradeoffCurve | None:
    """Return the curve of a knob, of one vector that of lambda."""
    if each.row.interests == 1:
        return each.curves.get("diversity")
    return each.curves.get(knob)


def _drawn(
    each: Reranked, curve: TradeoffCurve, metric: str, measure: str, shade: str, *, lit: bool
) -> Curve:
    xs, ys = curve.diversity[measure].tolist(), curve.means.tolist()
    tips = [
        f"{each.row.short}, {_KNOBS[curve.knob]} {setting:g}: {title_of(metric)} "
        f"{wording.number(y)}, {title_of(measure)} {wording.number(x)}"
        for setting, x, y in zip(curve.settings, xs, ys, strict=True)
    ]
    single = each.row.interests == 1
    return Curve(each.row.short, each.row.family, xs, ys, tips, shade, lit=lit, dashed=single)


def _numbers(drawn: Sequence[tuple[Reranked, TradeoffCurve]], measure: str) -> Markup | None:
    """Return accuracy / diversity at each setting, a row each."""
    if not drawn:
        return None
    longest = max((curve.settings for _, curve in drawn), key=len)
    cells: list[list[Child]] = []
    for each, curve in drawn:
        pairs = zip(curve.means.tolist(), curve.diversity[measure].tolist(), strict=True)
        texts = [f"{wording.number(y)} / {wording.number(x, 3)}" for y, x in pairs]
        cells.append([each.row.short, *texts, *[""] * (len(longest) - len(texts))])
    return folded_table([_KNOBS[drawn[0][1].knob], *(f"{x:g}" for x in longest)], cells)

"""Accuracy against diversity as lists are re-ranked, and whether several interests help there."""

from collections.abc import Mapping, Sequence

from recbole_opal.comparison.result import ComparisonResult
from recbole_opal.comparison.row import Row
from recbole_opal.evaluation.direction import title_of
from recbole_opal.report import wording
from recbole_opal.report.charts import drawing
from recbole_opal.report.charts.curvechart import Curve, curve_chart
from recbole_opal.report.elements import Section, chips, figure, folded_table, legend, note, tabs
from recbole_opal.report.looks import Look, dashes, looks
from recbole_opal.report.markup import Child, Markup, join, node
from recbole_opal.report.reranked_rows import MOST_USERS, Reranked, RerankedRows, metric_of
from recbole_opal.report.sections.equal_diversity import several_against_one
from recbole_opal.report.tradeoffs import Knob, TradeoffCurve
from recbole_opal.reranking import Reranking

__all__ = ["reranked"]

_KNOBS: Mapping[Knob, str] = {
    "diversity": "lambda",
    "by_share": "part of the list shared out",
    "per_interest": "places for each interest",
}
_PLACES: Sequence[tuple[Knob, str]] = (("by_share", "by share"), ("per_interest", "n each"))
_ABOUT_PLACES = (
    "A row of one vector has no places to share out: it is drawn as lambda grows. By share: so "
    "much of the list is divided among the interests in use by their share of the history, the "
    "rest goes by score. n each: at least n places for each interest in use."
)
_OLD = "Their runs were made by a version that kept no histories; train them again to see them."


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
    measures = {name: title_of(name) for name in curves[0].diversity}
    knobs = {curve.knob for curve in curves}
    lit = _lit(comparison, [each.row for each in rows])
    ordered = sorted(rows, key=lambda each: lit.get(each.row.label, len(lit)))

    def drawn(knob: Knob, measure: str) -> Markup:
        return _figure(comparison, ordered, len(lit), knob, metric, measure)

    parts: list[Child] = [note(_how(k, max(len(curve.tokens) for curve in curves)))]
    if "diversity" in knobs:
        panels = {title: drawn("diversity", name) for name, title in measures.items()}
        parts += [node("h3", "As lambda grows"), tabs("reranked-lambda", panels)]
    if "by_share" in knobs:
        panels = {
            f"{title}, {way}": drawn(knob, name)
            for name, title in measures.items()
            for knob, way in _PLACES
        }
        parts += [node("h3", "As interests have places of their own")]
        parts += [tabs("reranked-places", panels), note(_ABOUT_PLACES)]
    return [*parts, several_against_one(comparison, rows, metric, next(iter(measures)))]


def _lit(comparison: ComparisonResult, rows: Sequence[Row]) -> dict[str, int]:
    """Return up to four labels and their order: the best on validation of OPAL and of others.

    Each of several interests and of one.
    """
    best: dict[tuple[bool, bool], str] = {}
    for row in sorted(rows, key=comparison.by_validation, reverse=True):
        best.setdefault((row.family == "opal", row.interests > 1), row.label)
    return {label: place for place, label in enumerate(best.values())}


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
    comparison: ComparisonResult, rows: Sequence[Reranked], lit: int, knob: Knob, metric: str,
    measure: str,
) -> Markup:  # fmt: skip
    """Return chart, chips and numbers of a knob; the first so many rows are lit."""
    there = [(each, curve) for each in rows if (curve := _curve_of(each, knob)) is not None]
    known = looks(comparison)
    curves = [
        _drawn(each, curve, knob, metric, measure, known[each.row.label], lit=place < lit)
        for place, (each, curve) in enumerate(there)
    ]
    titles = (f"{title_of(measure)} (more diverse →)", wording.axis_name(metric))
    name = f"reranked-{knob.replace('_', '-')}-{drawing.slug(measure)}"
    title = f"{title_of(metric)} against {title_of(measure)}, re-ranked"
    return figure(
        curve_chart(name, title, curves, titles),
        chips(curves),
        legend(dashes([each.row for each, _ in there], known)),
        below=_numbers([(each, curve) for each, curve in there if curve.knob == knob], measure),
    )


def _curve_of(each: Reranked, knob: Knob) -> TradeoffCurve | None:
    """Return the curve of a knob, of one vector that of lambda."""
    return each.curves.get("diversity" if each.row.interests == 1 else knob)


def _drawn(
    each: Reranked, curve: TradeoffCurve, knob: Knob, metric: str, measure: str, look: Look, *,
    lit: bool,
) -> Curve:  # fmt: skip
    xs, ys = curve.diversity[measure].tolist(), curve.means.tolist()
    tips = [
        f"{each.row.named}, {_KNOBS[curve.knob]} {setting:g}: {title_of(metric)} "
        f"{wording.number(y)}, {title_of(measure)} {wording.number(x)}"
        for setting, x, y in zip(curve.settings, xs, ys, strict=True)
    ]
    name = each.row.named if curve.knob == knob else f"{each.row.named} by lambda"
    return Curve(name, each.row.family, xs, ys, tips, look.colour, lit=lit, dashed=look.dashed)


def _numbers(drawn: Sequence[tuple[Reranked, TradeoffCurve]], measure: str) -> Markup | None:
    """Return accuracy / diversity at each setting, a row each."""
    if not drawn:
        return None
    longest = max((curve for _, curve in drawn), key=lambda curve: len(curve.settings))
    cells: list[list[Child]] = []
    for each, curve in drawn:
        pairs = zip(curve.means.tolist(), curve.diversity[measure].tolist(), strict=True)
        texts = [f"{wording.number(y)} / {wording.number(x, 3)}" for y, x in pairs]
        cells.append([each.row.named, *texts, *[""] * (len(longest.settings) - len(texts))])
    return folded_table([_KNOBS[longest.knob], *(f"{x:g}" for x in longest.settings)], cells)

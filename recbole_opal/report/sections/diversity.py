"""Accuracy against diversity, rows as points with error bars and names."""

from collections.abc import Sequence

from recbole_opal.comparison.result import ComparisonResult
from recbole_opal.comparison.row import Row
from recbole_opal.evaluation.direction import bigger_is_better, cut_off, is_diversity, title_of
from recbole_opal.report import wording
from recbole_opal.report.charts import drawing
from recbole_opal.report.charts.scale import outliers
from recbole_opal.report.charts.scatter import Dot, Way, scatter_picture
from recbole_opal.report.elements import Section, figure, legend, note, reading, tabs
from recbole_opal.report.looks import dashes, keys, looks, model_colours
from recbole_opal.report.markup import Child, Markup
from recbole_opal.report.readings import frontier
from recbole_opal.report.rows import sweeps

__all__ = ["diversity"]

_FIRST = ("category_diversity", "coverage", "intra_list_similarity", "gini")


def diversity(comparison: ComparisonResult) -> Section | None:
    """Return the section; None where no diversity was measured, or of a single run."""
    if len({row.variant for row in comparison.done}) < 2:
        return None  # its stages are no choice between accuracy and diversity
    panels: dict[str, Child] = {}
    measured = dict.fromkeys(name for row in comparison.done for name in row.test)
    usual = [f"{name}@{comparison.k}" for name in _FIRST]
    own = [n for n in measured if is_diversity(n) and cut_off(n) in (None, comparison.k)]
    for measure in dict.fromkeys([*usual, *own]):
        rows = [row for row in comparison.done if measure in row.test]
        if rows:
            panels[title_of(measure)] = _panel(comparison, rows, measure)
    if not panels:
        return None
    return Section("diversity", "Accuracy against diversity", tabs("diversity-tabs", panels))


def _panel(comparison: ComparisonResult, rows: Sequence[Row], measure: str) -> Markup:
    metric, known = comparison.metric, looks(comparison)
    far = outliers([row.test[metric].mean for row in rows])
    drawn = [row for row, off in zip(rows, far, strict=True) if not off]
    left_out = [_told(row, metric, measure) for row, off in zip(rows, far, strict=True) if off]
    dots = [
        Dot(row.named, row.family, row.test[measure], row.test[metric],
            _told(row, metric, measure), known[row.label].colour)
        for row in drawn
    ]  # fmt: skip
    place = {row.label: index for index, row in enumerate(drawn)}
    swept = [sweep for sweep in sweeps(drawn) if sweep[0].family == "opal"]
    colour = model_colours(comparison)
    ways = [
        Way([place[row.label] for row in sweep], known[sweep[0].label].dashed,
            colour[sweep[0].model])
        for sweep in swept
    ]  # fmt: skip
    side = "more" if bigger_is_better(measure) else "less"
    titles = (f"{title_of(measure)} ({side} diverse →)", wording.axis_name(metric))
    title = f"{title_of(metric)} against {title_of(measure)}"

    def draw(name: str, width: int) -> Markup:
        return scatter_picture(name, width, title, dots, titles, ways=ways)

    return figure(
        drawing.responsive(draw, f"tradeoff-{drawing.slug(measure)}"),
        legend([*keys(drawn), *(dashes(drawn, known) if swept else [])]),
        note("Lines join OPAL's rows of one stage in the order of K.") if swept else None,
        reading(frontier(metric, rows, measure)),
        note(f"Too far off to be drawn: {wording.listed(left_out, len(left_out))}.")
        if left_out
        else None,
    )


def _told(row: Row, metric: str, measure: str) -> str:
    """Return a row's name and both values in words."""
    values = (f"{title_of(n)} {wording.with_spread(row.test[n])}" for n in (metric, measure))
    return f"{row.named}: {', '.join(values)}"

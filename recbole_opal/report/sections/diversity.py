"""Section 2: accuracy against diversity, rows as points with error bars and names."""

from collections.abc import Sequence

from recbole_opal.comparison.result import ComparisonResult
from recbole_opal.comparison.row import Row
from recbole_opal.evaluation.direction import cut_off, is_diversity, title_of
from recbole_opal.report import wording
from recbole_opal.report.charts import drawing
from recbole_opal.report.charts.scale import outliers
from recbole_opal.report.charts.scatter import point_told, scatter_picture
from recbole_opal.report.elements import Section, legend, note, reading, tabs
from recbole_opal.report.markup import Child, Markup, node
from recbole_opal.report.readings import frontier
from recbole_opal.report.rows import keys

__all__ = ["diversity"]

_FIRST = ("category_diversity", "coverage", "intra_list_similarity", "gini")


def diversity(comparison: ComparisonResult) -> Section | None:
    """Return the section; None where no diversity was measured."""
    panels: dict[str, Child] = {}
    measured = dict.fromkeys(name for row in comparison.done for name in row.test)
    usual = [f"{name}@{comparison.k}" for name in _FIRST]
    own = [n for n in measured if is_diversity(n) and cut_off(n) in (None, comparison.k)]
    for measure in dict.fromkeys([*usual, *own]):
        rows = [row for row in comparison.done if measure in row.test]
        if rows:
            panels[title_of(measure)] = _panel(comparison.metric, rows, measure)
    if not panels:
        return None
    return Section("diversity", "Accuracy against diversity", tabs("diversity-tabs", panels))


def _panel(metric: str, rows: Sequence[Row], measure: str) -> Markup:
    far = outliers([row.test[metric].mean for row in rows])
    drawn = [row for row, off in zip(rows, far, strict=True) if not off]
    left_out = [point_told(row, metric, measure) for row, off in zip(rows, far, strict=True) if off]
    told = wording.listed(left_out, len(left_out))

    def draw(name: str, width: int) -> Markup:
        return scatter_picture(drawn, metric, measure, name, width)

    return node(
        "figure",
        legend(keys(rows)),
        drawing.responsive(draw, f"tradeoff-{drawing.slug(measure)}"),
        reading(frontier(metric, rows, measure)),
        note(f"Too far off to be drawn: {told}.") if left_out else None,
    )

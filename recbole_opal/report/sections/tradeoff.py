"""Section 2: accuracy against diversity."""

from __future__ import annotations

from recbole_opal.evaluation.cutoff import cut_off
from recbole_opal.evaluation.direction import is_diversity
from recbole_opal.report import numbers
from recbole_opal.report.markup import Child, Markup, join, node
from recbole_opal.report.parts import Section, figure, legend, reading, tabs
from recbole_opal.report.plot import responsive
from recbole_opal.report.readings import frontier, listed
from recbole_opal.report.scale import outliers
from recbole_opal.report.sections.scatter import scatter, values_told
from recbole_opal.report.series import FAMILIES
from recbole_opal.report.source import Comparison, Row

__all__ = ["tradeoff"]

_FIRST = ("category_diversity", "coverage", "intra_list_similarity", "gini")


def tradeoff(comparison: Comparison) -> Section | None:
    """Return the section; None where no diversity was measured."""
    panels: dict[str, Child] = {}
    measured = dict.fromkeys(name for row in comparison.done for name in row.test)
    usual = [f"{measure}@{comparison.k}" for measure in _FIRST]
    own = [n for n in measured if is_diversity(n) and cut_off(n) in (None, comparison.k)]
    for name in dict.fromkeys([*usual, *own]):
        rows = [row for row in comparison.done if name in row.test]
        if rows:
            panels[numbers.metric_name(name)] = _panel(comparison, rows, name)
    if not panels:
        return None
    return Section("diversity", "Accuracy against diversity", tabs("diversity-tabs", panels))


def _panel(comparison: Comparison, rows: list[Row], measure: str) -> Markup:
    slug = measure.replace("_", "-").replace("@", "-at-")
    keys = [(f, FAMILIES[f]) for f in FAMILIES if any(row.family == f for row in rows)]

    def draw(name: str, width: int) -> Markup:
        return scatter(drawn, comparison.metric, measure, name, width)

    far = outliers([row.test[comparison.metric].mean for row in rows])
    drawn = [row for row, off in zip(rows, far, strict=True) if not off]
    left_out = [row for row, off in zip(rows, far, strict=True) if off]
    return figure(
        join(legend(keys), responsive(draw, f"tradeoff-{slug}")),
        reading(frontier(comparison, rows, measure)),
        _not_drawn(left_out, comparison.metric, measure),
    )


def _not_drawn(rows: list[Row], metric: str, measure: str) -> Markup | None:
    if not rows:
        return None
    told = listed([values_told(row, metric, measure) for row in rows], len(rows))
    return node("p", f"Too far off to be drawn: {told}.", class_="note")

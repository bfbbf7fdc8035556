"""Rows as points, accuracy upwards and diversity to the right."""

from __future__ import annotations

from collections.abc import Sequence

from recbole_opal.comparison.row import Row
from recbole_opal.evaluation.direction import bigger_is_better, title_of
from recbole_opal.report import wording
from recbole_opal.report.charts import drawing
from recbole_opal.report.charts.scatter import Dot, Way, scatter_picture
from recbole_opal.report.rows import sweeps
from recbole_opal.studies.pictures.standalone import standalone

__all__ = ["accuracy_against_diversity"]


def accuracy_against_diversity(rows: Sequence[Row], metric: str, measure: str) -> str:
    """Return the file of a picture of rows that have both values; bars are over seeds."""
    place = {row.label: index for index, row in enumerate(rows)}
    ways = [
        Way([place[row.label] for row in sweep], sweep[0].stage == "soft")
        for sweep in sweeps(rows)
        if sweep[0].family == "opal"
    ]
    dots = [
        Dot(row.short, row.family, row.test[measure], row.test[metric], f"{row.short}: {told}")
        for row in rows
        for told in [_told(row, metric, measure)]
    ]
    side = "more" if bigger_is_better(measure) else "less"
    titles = f"{title_of(measure)} ({side} diverse →)", wording.axis_name(metric)
    title = f"{title_of(metric)} against {title_of(measure)}"
    name = f"tradeoff-{drawing.slug(measure)}"
    return standalone(scatter_picture(name, drawing.WIDE, title, dots, titles, ways=ways))


def _told(row: Row, metric: str, measure: str) -> str:
    values = (f"{title_of(n)} {wording.with_spread(row.test[n])}" for n in (metric, measure))
    return ", ".join(values)

"""Rows as points, accuracy upwards and diversity to the right."""

from __future__ import annotations

from collections.abc import Sequence

from recbole_opal.comparison.row import Row
from recbole_opal.report.charts import drawing
from recbole_opal.report.charts.scatter import scatter_picture
from recbole_opal.studies.pictures.standalone import standalone

__all__ = ["accuracy_against_diversity"]


def accuracy_against_diversity(rows: Sequence[Row], metric: str, measure: str) -> str:
    """Return the file of a picture of rows that have both values; bars are over seeds."""
    name = f"tradeoff-{drawing.slug(measure)}"
    return standalone(scatter_picture(rows, metric, measure, name, drawing.WIDE))

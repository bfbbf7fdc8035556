"""Lines over the steps of a setting: a line a model and stage."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping, Sequence

from recbole_opal.comparison.row import Family, Row, Spread
from recbole_opal.evaluation.direction import title_of
from recbole_opal.report.charts.linechart import Line, line_picture
from recbole_opal.report.rows import colour
from recbole_opal.report.wording import axis_name
from recbole_opal.studies.pictures.standalone import standalone
from recbole_opal.studies.study import Figure

__all__ = ["Series", "lines_over_steps", "metric_figure"]

Series = Mapping[str, Sequence[Row | None]]
"""By the name of a line its rows, one a step, None where one failed."""

_READ = "Dashed: stages before the final one. Bars: standard deviation over seeds, none with one."


def metric_figure(
    metric: str,
    series: Series,
    steps: Sequence[str],
    axis: str,
    dashed: Collection[str] = (),
    *,
    name: str | None = None,
) -> Figure:
    """Return a metric on the test part over the steps; `axis` is what these are."""
    titles = axis, axis_name(metric)
    title = f"{title_of(metric)} over {axis}"
    svg = lines_over_steps(title, series, steps, titles, lambda row: row.test.get(metric), dashed)
    named = name or metric.partition("@")[0].replace("_", "-")
    return Figure(named, svg, f"{title_of(metric)} on the test part. {_READ}")


def lines_over_steps(
    title: str,
    series: Series,
    steps: Sequence[str],
    titles: tuple[str, str],
    value: Callable[[Row], Spread | None],
    dashed: Collection[str] = (),
) -> str:
    """Return the file of a picture; error bars are standard deviations over seeds."""
    lines = []
    for place, (label, rows) in enumerate(series.items()):
        told = [value(row) if row is not None else None for row in rows]
        family: Family = next((row.family for row in rows if row is not None), "single")
        values = [each.mean if each else math.nan for each in told]
        errors = [(each.sd or 0.0) if each else 0.0 for each in told]
        look = {"dashed": label in dashed, "bridged": True}
        lines.append(Line(label, family, values, errors, colour(place), **look))
    return standalone(line_picture("lines", title, lines, steps, titles))

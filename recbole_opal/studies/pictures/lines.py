"""Lines over the steps of a setting: a line a model and stage."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

from recbole_opal.comparison.row import Family, Row, Spread
from recbole_opal.report.charts.linechart import Line, line_picture
from recbole_opal.report.rows import colour
from recbole_opal.studies.pictures.standalone import standalone

__all__ = ["lines_over_steps"]


def lines_over_steps(
    name: str,
    title: str,
    series: Mapping[str, Sequence[Row | None]],
    steps: Sequence[str],
    titles: tuple[str, str],
    value: Callable[[Row], Spread | None],
    *,
    dashed: Sequence[str] = (),
) -> str:
    """Return the file of a picture: by a line's name its rows, one a step, None where one failed.

    Error bars are standard deviations over seeds; lines of `dashed` are dashed.
    """
    lines = []
    for place, (label, rows) in enumerate(series.items()):
        told = [value(row) if row is not None else None for row in rows]
        family: Family = next((row.family for row in rows if row is not None), "single")
        lines.append(
            Line(
                label,
                family,
                [each.mean if each else math.nan for each in told],
                [(each.sd or 0.0) if each else 0.0 for each in told],
                colour(place),
                dashed=label in dashed,
                bridged=True,
            )
        )
    return standalone(line_picture(name, title, lines, steps, titles))

"""Differences over steps: a line a stage, with 95 % intervals and 0 in sight."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from recbole_opal.comparison.row import Difference
from recbole_opal.report.charts.linechart import Line, line_picture
from recbole_opal.report.rows import colour
from recbole_opal.studies.pictures.standalone import standalone

__all__ = ["difference_lines"]


def difference_lines(
    title: str,
    series: Mapping[str, Sequence[Difference | None]],
    steps: Sequence[str],
    titles: tuple[str, str],
) -> str:
    """Return the file of a picture; by a line's name its differences, None where there is none.

    A bar is half the length of the interval to each side. A dashed line is where nothing differs.
    """
    lines = []
    for place, (label, differences) in enumerate(series.items()):
        values = [each.difference if each else math.nan for each in differences]
        errors = [(each.high - each.low) / 2 if each else 0.0 for each in differences]
        look = {"bridged": True, "signed": True}
        lines.append(Line(label, "opal", values, errors, colour(place), **look))
    nothing = [0.0] * len(steps)
    lines.append(Line("no difference", "single", nothing, nothing, colour(len(lines)), dashed=True))
    return standalone(line_picture("differences", title, lines, steps, titles))

"""Differences with their intervals: a line a pair, a panel a metric."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from operator import attrgetter

from recbole_opal.comparison.row import Row
from recbole_opal.evaluation.direction import better, title_of
from recbole_opal.report.charts import drawing
from recbole_opal.report.charts.labels import text_width
from recbole_opal.report.charts.scale import Linear
from recbole_opal.report.markup import Markup, node
from recbole_opal.report.wording import interval, signed
from recbole_opal.studies.outcome import Pair
from recbole_opal.studies.pictures.standalone import standalone

__all__ = ["interval_picture"]

_ROW, _TOP, _PANEL = 24.0, 46.0, 190.0


def interval_picture(
    name: str,
    title: str,
    pairs: Sequence[Pair],
    metrics: Sequence[str],
    label: Callable[[Row], str] = attrgetter("short"),
) -> str:
    """Return the file of a picture; a metric that no pair has gets no panel.

    Filled marks are differences that count after Holm's correction, hollow ones are not;
    `label` names a row.
    """
    shown = [metric for metric in metrics if any(metric in pair.differences for pair in pairs)]
    names = max(text_width(label(pair.row)) for pair in pairs) + 14
    width = round(names + _PANEL * len(shown)) + 10
    bottom = _TOP + _ROW * len(pairs)
    parts: list[Markup] = [
        drawing.words(4, _y(index) + 4, label(pair.row), "name") for index, pair in enumerate(pairs)
    ]
    for place, metric in enumerate(shown):
        left = names + _PANEL * place + 6
        parts.append(_panel(pairs, metric, left, left + _PANEL - 22, bottom))
    told = "; ".join(_tip(pair, metric) for pair in pairs for metric in shown)
    return standalone(drawing.picture(name, width, bottom + 24, title, told, parts))


def _panel(pairs: Sequence[Pair], metric: str, left: float, right: float, bottom: float) -> Markup:
    there = [pair.differences[metric] for pair in pairs if metric in pair.differences]
    scale = Linear.over(
        [0.0, *(end for each in there for end in (each.low, each.high))], left, right
    )
    parts = [
        drawing.words(left, 14, title_of(metric), "panel-title"),
        drawing.words(left, 28, f"{better(metric)} is better", "axis-title"),
    ]
    for tick, text in scale.ticks(2):
        parts.append(drawing.stroke(scale.at(tick), _TOP - 12, scale.at(tick), bottom - 8, "grid"))
        parts.append(drawing.words(scale.at(tick), bottom + 10, text, "tick middle"))
    parts.append(drawing.stroke(scale.at(0), _TOP - 12, scale.at(0), bottom - 8, "zero"))
    for index, pair in enumerate(pairs):
        if metric in pair.differences:
            parts.append(_mark(pair, metric, scale, _y(index)))
    return node("g", parts)


def _mark(pair: Pair, metric: str, scale: Linear, y: float) -> Markup:
    each = pair.differences[metric]
    bar = drawing.stroke(scale.at(each.low), y, scale.at(each.high), y, "error")
    mark = drawing.point(scale.at(each.difference), y, pair.row.family, _tip(pair, metric))
    kind = "mark" if each.marked else "mark hollow"
    return node("g", bar, mark, class_=kind, data_colour="c2")


def _tip(pair: Pair, metric: str) -> str:
    if metric not in pair.differences:
        return f"{pair.row.short}: {title_of(metric)} unknown"
    each = pair.differences[metric]
    value = f"{signed(each.difference)} {interval(each.low, each.high)}"
    return f"{pair.row.short} less {pair.reference.short}: {title_of(metric)} {value}"


def _y(index: int) -> float:
    return _TOP + _ROW * index

"""The main metric of every row, and its difference to OPAL, as points with intervals."""

from collections.abc import Sequence
from typing import NamedTuple

from recbole_opal.comparison.result import ComparisonResult
from recbole_opal.comparison.row import Row
from recbole_opal.evaluation.direction import title_of
from recbole_opal.report import wording
from recbole_opal.report.charts import drawing
from recbole_opal.report.charts.labels import text_width
from recbole_opal.report.charts.scale import Linear, outliers
from recbole_opal.report.looks import looks
from recbole_opal.report.markup import Markup, join, node
from recbole_opal.report.rows import to_opal

__all__ = ["forest"]

_ROW, _TOP = 24.0, 46.0


class _Mark(NamedTuple):
    value: float
    low: float
    high: float
    told: str  # at the edge, where it is too far off to be drawn
    tip: str
    seeds: Sequence[float] = ()
    hollow: bool = False


class _Panel(NamedTuple):
    """A column of marks, None where a row has none; with a reference, 0 is marked as its place."""

    title: str
    marks: Sequence[_Mark | None]
    reference: Row | None = None
    has_zero: bool = False


def forest(comparison: ComparisonResult) -> Markup:
    """Return one line a row: mean with spread and seeds, and the difference to OPAL.

    The reference is the row of OPAL that the comparison measured the others against: the one
    without a difference of its own. On a phone the two panels stand one under the other.
    """
    rows, metric = comparison.done, comparison.metric
    colours = [looks(comparison)[row.label].colour for row in rows]
    panels = [_means(rows, metric)]
    if any(to_opal(row, metric) for row in rows):
        panels.append(_differences(comparison, rows))
    told = (f"{row.named} {wording.with_spread(row.test[metric])}" for row in rows)
    title, description = f"{title_of(metric)} of every model", "; ".join(told)
    widest = max(text_width(row.named, bold=row.family == "opal") for row in rows) + 14

    def draw(name: str, width: int) -> Markup:
        beside = 1 if width <= drawing.NARROW else len(panels)
        names = min(widest, width * 0.5)
        across, height = (width - names) / beside, _TOP + _ROW * len(rows) + 30
        parts = []
        for index, panel in enumerate(panels):
            down = height * (index // beside)
            left = names + across * (index % beside)
            if index % beside == 0:
                for i, row in enumerate(rows):
                    parts.append(drawing.words(0, _y(i, down) + 4, row.named, f"name {row.family}"))
            parts.append(_draw(panel, rows, colours, left + 6, left + across - 14, down))
        total = height * (len(panels) if beside == 1 else 1)
        return drawing.picture(name, width, total, title, description, parts)

    return drawing.responsive(draw, "forest")


def _means(rows: Sequence[Row], metric: str) -> _Panel:
    marks = []
    for row in rows:
        value = row.test[metric]
        mean, sd, tip = value.mean, value.sd or 0.0, f"{row.named}: {wording.with_spread(value)}"
        told = wording.number(mean)
        marks.append(_Mark(mean, mean - sd, mean + sd, told, tip, value.values))
    return _Panel(f"{wording.axis_name(metric)} (± sd over seeds)", marks)


def _differences(comparison: ComparisonResult, rows: Sequence[Row]) -> _Panel:
    marks: list[_Mark | None] = []
    for row in rows:
        value = to_opal(row, comparison.metric)
        if value is None:
            marks.append(None)
            continue
        told, hollow = wording.signed(value.difference), not value.excludes_zero
        tip = f"{row.named}: {told} {wording.interval(value.low, value.high)}"
        ends = value.difference, value.low, value.high
        marks.append(_Mark(*ends, told, tip, hollow=hollow))
    opal = comparison.opal
    title = f"Difference to {opal.named if opal else 'OPAL'}"
    return _Panel(title, marks, opal, has_zero=True)


def _draw(
    panel: _Panel,
    rows: Sequence[Row],
    colours: Sequence[str],
    left: float,
    right: float,
    down: float,
) -> Markup:
    there = [mark for mark in panel.marks if mark is not None]
    far = {id(m) for m, off in zip(there, outliers([m.value for m in there]), strict=True) if off}
    reach = [end for m in there if id(m) not in far for end in (m.low, m.high, *m.seeds)]
    scale = Linear.over([*reach, 0.0] if panel.has_zero else reach, left, right)
    top, bottom = _TOP + down - 12, _y(len(rows), down) - 10
    parts = [drawing.words(left, down + 14, panel.title, "axis-title")]
    for tick, text in scale.ticks(4):
        parts.append(drawing.stroke(scale.at(tick), top, scale.at(tick), bottom, "grid"))
        parts.append(drawing.words(scale.at(tick), bottom + 16, text, "tick middle"))
    if panel.has_zero:
        parts.append(drawing.stroke(scale.at(0), top, scale.at(0), bottom, "zero"))
    for index, (row, mark) in enumerate(zip(rows, panel.marks, strict=True)):
        y = _y(index, down)
        if mark is None:
            if row is panel.reference:
                beside = scale.at(0) + 8 + text_width("reference") <= right
                at, kind = (8, "tick") if beside else (-8, "tick anchor-end")
                parts.append(drawing.words(scale.at(0) + at, y + 4, "reference", kind))
        elif id(mark) in far:  # an arrow at the edge, with the number
            if mark.value < scale.low:
                told = drawing.words(left, y + 4, f"◂ {mark.told}", "beyond")
            else:
                told = drawing.words(right, y + 4, f"{mark.told} ▸", "beyond anchor-end")
            parts.append(node("g", told, data_colour=colours[index]))
        else:
            bar = drawing.stroke(scale.at(mark.low), y, scale.at(mark.high), y, "error")
            seeds = [node("circle", cx=scale.at(v), cy=y, r=1.6, class_="seed") for v in mark.seeds]
            drawn = drawing.point(scale.at(mark.value), y, row.family, mark.tip)
            look = "hollow" if mark.hollow else None
            parts.append(node("g", bar, seeds, drawn, class_=look, data_colour=colours[index]))
    return join(parts)


def _y(index: int, down: float) -> float:
    return down + _TOP + _ROW * index

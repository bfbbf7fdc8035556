"""The main metric of every row, and its difference to OPAL, as points with intervals."""

from __future__ import annotations

from recbole_opal.report import numbers
from recbole_opal.report.labels import text_width
from recbole_opal.report.markup import Markup, join, node
from recbole_opal.report.plot import NARROW, drawing, error_bar, point, responsive
from recbole_opal.report.scale import Linear, outliers
from recbole_opal.report.series import SHAPES
from recbole_opal.report.source import Comparison, Row

__all__ = ["forest"]

_ROW, _TOP = 24.0, 46.0


def forest(comparison: Comparison) -> Markup:
    """Return one line a row: mean with spread and seeds, and the difference to OPAL.

    The reference is the row of OPAL that the comparison measured the others against: the one
    without a difference of its own. On a phone the two panels stand one under the other.
    """

    def draw(name: str, width: int) -> Markup:
        return _draw(comparison, name, width)

    return responsive(draw, "forest")


def _draw(comparison: Comparison, name: str, width: int) -> Markup:
    rows, metric = comparison.done, comparison.metric
    stacked = width <= NARROW
    names = min(
        max(text_width(row.short, bold=row.family == "opal") for row in rows) + 14, width * 0.5
    )
    has_differences = any(metric in row.against_opal for row in rows)
    panel = (width - names) / (2 if has_differences and not stacked else 1)
    height = _TOP + _ROW * len(rows) + 30
    left, right = names + 6, names + panel - 14
    parts = [_names(rows, 0.0), _means(rows, metric, left, right, 0.0)]
    total = height
    if has_differences and stacked:
        parts += [_names(rows, height), _differences(comparison, left, right, height)]
        total = 2 * height
    elif has_differences:
        parts.append(_differences(comparison, left + panel, right + panel, 0.0))
    title = f"{numbers.metric_name(metric)} of every model"
    description = "; ".join(
        f"{row.short} {numbers.with_spread(row.test[metric].mean, row.test[metric].sd)}"
        for row in rows
    )
    return drawing(name, width, total, title, description, parts)


def _names(rows: tuple[Row, ...], down: float) -> Markup:
    return join(
        node("text", row.short, x=0.0, y=_y(index, down) + 4, class_="name " + row.family)
        for index, row in enumerate(rows)
    )


def _means(rows: tuple[Row, ...], metric: str, left: float, right: float, down: float) -> Markup:
    values = [row.test[metric] for row in rows]
    title = f"{numbers.axis_name(metric)} (± sd over seeds)"
    beyond = outliers([value.mean for value in values])
    reach = [
        end
        for value, far in zip(values, beyond, strict=True)
        if not far
        for end in (value.mean - (value.sd or 0), value.mean + (value.sd or 0), *value.values)
    ]
    scale = Linear.over(reach, left, right)
    parts = [_panel(scale, rows, down, title)]
    for index, (row, value) in enumerate(zip(rows, values, strict=True)):
        y = _y(index, down)
        tip = f"{row.short}: {numbers.with_spread(value.mean, value.sd)}"
        if beyond[index]:
            parts.append(_beyond(scale, value.mean, y, numbers.number(value.mean), row))
            continue
        low, high = value.mean - (value.sd or 0), value.mean + (value.sd or 0)
        bar = error_bar(scale.at(low), y, scale.at(high), y)
        seeds = [node("circle", cx=scale.at(v), cy=y, r=1.6, class_="seed") for v in value.values]
        mark = point(scale.at(value.mean), y, SHAPES[row.family], tip)
        parts.append(node("g", bar, seeds, mark, class_=row.family))
    return join(parts)


def _differences(comparison: Comparison, left: float, right: float, down: float) -> Markup:
    rows, metric, opal = comparison.done, comparison.metric, comparison.opal
    found = {
        i: row.against_opal[metric] for i, row in enumerate(rows) if metric in row.against_opal
    }
    off = outliers([value.difference for value in found.values()])
    beyond = {index for index, far in zip(found, off, strict=True) if far}
    reach = [end for i, v in found.items() if i not in beyond for end in (v.low, v.high)]
    scale = Linear.over([*reach, 0.0], left, right)
    zero, reference = scale.at(0), opal.short if opal else "OPAL"
    parts = [
        _panel(scale, rows, down, f"Difference to {reference}"),
        node("line", x1=zero, x2=zero, y1=_TOP + down - 12, y2=_y(len(rows), down) - 10,
             class_="zero"),
    ]  # fmt: skip
    for index, row in enumerate(rows):
        value, y = found.get(index), _y(index, down)
        if value is None:
            if row is opal:
                parts.append(_beside(zero, y, "reference", right))
            continue
        if index in beyond:
            text = numbers.signed(value.difference)
            parts.append(_beyond(scale, value.difference, y, text, row))
            continue
        tip = (
            f"{row.short}: {numbers.signed(value.difference)} "
            f"[{numbers.signed(value.low)}, {numbers.signed(value.high)}]"
        )
        bar = error_bar(scale.at(value.low), y, scale.at(value.high), y)
        mark = point(scale.at(value.difference), y, SHAPES[row.family], tip)
        kind = row.family if value.excludes_zero else f"{row.family} hollow"
        parts.append(node("g", bar, mark, class_=kind))
    return join(parts)


def _beyond(scale: Linear, value: float, y: float, text: str, row: Row) -> Markup:
    """Return an arrow at the edge, with the number, for a value far outside the scale."""
    if value < scale.low:
        x, anchor, words = scale.start, "", f"◂ {text}"
    else:
        x, anchor, words = scale.end, " anchor-end", f"{text} ▸"
    return node("text", words, x=x, y=y + 4, class_=f"beyond {row.family}{anchor}")


def _beside(x: float, y: float, text: str, right: float) -> Markup:
    """Return a text right of a place, or left of it where it would leave the panel."""
    fits = x + 8 + text_width(text) <= right
    side = x + 8 if fits else x - 8
    return node("text", text, x=side, y=y + 4, class_="tick" if fits else "tick anchor-end")


def _panel(scale: Linear, rows: tuple[Row, ...], down: float, title: str) -> Markup:
    bottom = _y(len(rows), down) - 10
    ticks = scale.ticks(4)
    parts = [node("text", title, x=scale.start, y=down + 14, class_="axis-title")]
    for tick, text in zip(ticks, scale.tick_text(ticks), strict=True):
        x = scale.at(tick)
        parts.append(node("line", x1=x, x2=x, y1=_TOP + down - 12, y2=bottom, class_="grid"))
        parts.append(node("text", text, x=x, y=bottom + 16, class_="tick middle"))
    return join(parts)


def _y(index: int, down: float) -> float:
    return down + _TOP + _ROW * index

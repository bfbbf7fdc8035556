"""Section 5: how training went, one small picture a variant."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from recbole_opal.evaluation.direction import best_of, bigger_is_better, sign_of
from recbole_opal.report import numbers
from recbole_opal.report.files import RunFiles
from recbole_opal.report.labels import Box
from recbole_opal.report.markup import Markup, join, node
from recbole_opal.report.parts import Section, legend, reading
from recbole_opal.report.plot import drawing, polyline
from recbole_opal.report.scale import Linear
from recbole_opal.report.source import Comparison, Row

__all__ = ["curves"]

_WIDTH, _HEIGHT = 300.0, 236.0
_UPPER, _LOWER = Box(44, 30, 292, 120), Box(44, 142, 292, 204)


@dataclass(frozen=True)
class _Course:
    """One seed's training.

    Attributes:
        stages: name and first epoch of each stage, epochs counted through.
        valid: (epoch, validation metric).
        loss: (epoch, sum of the losses).
    """

    stages: list[tuple[str, int]]
    valid: list[tuple[float, float]]
    loss: list[tuple[float, float]]


def curves(comparison: Comparison, files: RunFiles) -> Section | None:
    """Return the section; None where no run left a log of its training.

    A variant that was validated only once has no curve and is named instead.
    """
    drawn: list[Markup] = []
    single: list[str] = []
    known: dict[str, list[_Course]] = {}
    order = {row.variant: row for row in comparison.done}
    for row in comparison.rows:
        if row.variant in known or not row.runs:
            continue
        found = [
            _course(lines, comparison.metric)
            for lines in (files.lines(path, "training.jsonl") for path in row.runs.values())
            if lines
        ]
        known[row.variant] = found
        title = _title(order.get(row.variant, row))
        if found and all(len(course.valid) < 2 for course in found):
            single.append(title)
        elif found:
            drawn.append(_panel(len(drawn), title, found, comparison.metric))
    if not drawn:
        return None
    keys = legend([("swatch-1", "soft or only stage"), ("swatch-2", "hard stage")])
    body = join(
        node("p", f"Above: {numbers.axis_name(comparison.metric)} on validation. Below: the "
                  "training loss, all its parts added up; losses of different models are not "
                  "comparable. One line a seed; the dashed line is the change of stage.",
             class_="note"),
        keys,
        node("div", drawn, class_="grid-of-pictures", tabindex="0", role="region",
             aria_label="training of every variant"),
        reading(_reading(known, comparison.metric)),
        node("p", f"Validated once, so without a curve: {', '.join(single)}.", class_="note")
        if single
        else Markup(""),
    )  # fmt: skip
    return Section("training", "Training", body)


def _title(row: Row) -> str:
    return row.short.removesuffix(" soft").removesuffix(" hard")


def _course(lines: Sequence[dict[str, Any]], metric: str) -> _Course:
    stages: list[tuple[str, int]] = []
    valid, loss = [], []
    for index, line in enumerate(lines):
        if not stages or stages[-1][0] != line["stage"]:
            stages.append((str(line["stage"]), index))
        parts = line.get("loss") or {}
        values = [float(v) for v in parts.values() if v is not None]
        if values:
            loss.append((float(index), sum(values)))
        score = (line.get("valid") or {}).get(metric)
        if score is not None:
            valid.append((float(index), float(score)))
    return _Course(stages, valid, loss)


def _panel(index: int, title: str, courses: Sequence[_Course], metric: str) -> Markup:
    last = max((x for c in courses for x, _ in c.loss + c.valid), default=1.0)
    x = Linear(0, max(last, 1.0), _UPPER.left, _UPPER.right)
    parts: list[Markup] = [node("text", title, x=2.0, y=14.0, class_="panel-title")]
    for frame, name in ((_UPPER, "valid"), (_LOWER, "loss")):
        lines = [getattr(course, name) for course in courses]
        parts += _frame(frame, x, lines, courses)
    for place, text in (("start", "0"), ("end", f"{last:.0f}")):
        where = _LOWER.left if place == "start" else _LOWER.right
        parts.append(node("text", text, x=where, y=_LOWER.bottom + 16, class_=f"tick {place}"))
    middle = (_LOWER.left + _LOWER.right) / 2
    parts.append(node("text", "epoch", x=middle, y=_LOWER.bottom + 16, class_="tick middle"))
    best = _best([y for c in courses for _, y in c.valid], metric)
    description = (
        f"{len(courses)} {'seed' if len(courses) == 1 else 'seeds'}, {last + 1:.0f} epochs, "
        f"best validation {numbers.metric_name(metric)} {numbers.number(best)}"
    )
    return drawing(f"course-{index}", _WIDTH, _HEIGHT, f"Training of {title}", description, parts)


def _frame(
    frame: Box, x: Linear, lines: Sequence[list[tuple[float, float]]], courses: Sequence[_Course]
) -> list[Markup]:
    y = Linear.over((v for line in lines for _, v in line), frame.bottom, frame.top)
    ticks = y.ticks(3)
    parts = []
    for tick, text in zip(ticks, y.tick_text(ticks), strict=True):
        parts.append(node("line", x1=frame.left, x2=frame.right, y1=y.at(tick), y2=y.at(tick),
                          class_="grid"))  # fmt: skip
        parts.append(node("text", text, x=frame.left - 5, y=y.at(tick) + 4, class_="tick end"))
    for line, course in zip(lines, courses, strict=True):
        for number, (_, start) in enumerate(course.stages):
            end = course.stages[number + 1][1] if number + 1 < len(course.stages) else math.inf
            part = [(x.at(e), y.at(v)) for e, v in line if start <= e < end]
            parts.append(node("g", polyline(part, "line thin"), class_=f"stage-{number + 1}"))
            if number:
                at = x.at(start - 0.5)
                parts.append(node("line", x1=at, x2=at, y1=frame.top, y2=frame.bottom,
                                  class_="switch"))  # fmt: skip
    return parts


def _best(values: Sequence[float], metric: str) -> float:
    found = best_of(values, lambda value: value, bigger=bigger_is_better(metric))
    return math.nan if found is None else found


def _reading(known: dict[str, list[_Course]], metric: str) -> str | None:
    """Say how many two-stage runs got better on validation in their second stage."""
    sign = sign_of(metric)
    better = total = 0
    for course in (course for courses in known.values() for course in courses):
        if len(course.stages) < 2:
            continue
        start = course.stages[1][1]
        first = [v for e, v in course.valid if e < start]
        second = [v for e, v in course.valid if e >= start]
        if first and second:
            total += 1
            better += sign * _best(second, metric) > sign * _best(first, metric)
    if not total:
        return None
    return f"The second stage got past the first on validation in {better} of {total} runs."

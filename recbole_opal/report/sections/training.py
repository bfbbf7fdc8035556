"""Section 5: how training went, one small picture a variant."""

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from recbole_opal.comparison.result import ComparisonResult
from recbole_opal.evaluation.direction import best_of, bigger_is_better, sign_of
from recbole_opal.report import wording
from recbole_opal.report.charts import drawing
from recbole_opal.report.charts.labels import Box
from recbole_opal.report.charts.scale import Linear
from recbole_opal.report.elements import Section, legend, note, reading
from recbole_opal.report.markup import Markup, join, node
from recbole_opal.report.run_files import RunFiles

__all__ = ["training"]

_UPPER, _LOWER = Box(44, 30, 292, 120), Box(44, 142, 292, 204)
_KEYS = [("swatch-1", "soft or only stage"), ("swatch-2", "hard stage")]
_Way = list[tuple[int, float]]


class _Course(NamedTuple):
    """One seed's training, epochs counted through all stages."""

    starts: list[int]  # first epoch of each stage
    valid: _Way  # epoch, validation metric
    loss: _Way  # epoch, sum of the losses


def training(comparison: ComparisonResult, files: RunFiles) -> Section | None:
    """Return the section; None where no run left a log of its training.

    A variant that was validated only once has no curve and is named instead.
    """
    metric = comparison.metric
    drawn: list[Markup] = []
    single: list[str] = []
    known: dict[str, list[_Course]] = {}
    named = {row.variant: row for row in comparison.done}
    for row in comparison.rows:
        if row.variant in known or not row.runs:
            continue
        logs = map(files.epochs, comparison.run_folders(row).values())
        courses = known[row.variant] = [_course(log, metric) for log in logs if log]
        title = named.get(row.variant, row).short.removesuffix(" soft").removesuffix(" hard")
        if any(len(course.valid) > 1 for course in courses):
            drawn.append(_picture(f"course-{len(drawn)}", title, courses, metric))
        elif courses:
            single.append(title)
    if not drawn:
        return None
    body = join(
        note(f"Above: {wording.axis_name(metric)} on validation. Below: the training loss, all its "
             "parts added up; losses of different models are not comparable. One line a seed; the "
             "dashed line is the change of stage."),
        legend(_KEYS),
        node("div", drawn, class_="grid-of-pictures", tabindex="0", role="region",
             aria_label="training of every variant"),
        reading(_reading([course for courses in known.values() for course in courses], metric)),
        note(f"Validated once, so without a curve: {', '.join(single)}.") if single else None,
    )  # fmt: skip
    return Section("training", "Training", body)


def _course(log: Sequence[Mapping[str, Any]], metric: str) -> _Course:
    course = _Course([], [], [])
    for index, epoch in enumerate(log):
        if index == 0 or epoch["stage"] != log[index - 1]["stage"]:
            course.starts.append(index)
        losses = [value for value in (epoch["loss"] or {}).values() if value is not None]
        if losses:
            course.loss.append((index, sum(losses)))
        score = (epoch["valid"] or {}).get(metric)
        if score is not None:
            course.valid.append((index, score))
    return course


def _picture(name: str, title: str, courses: Sequence[_Course], metric: str) -> Markup:
    last = max((epoch for course in courses for epoch, _ in course.loss + course.valid), default=1)
    x = Linear(0, max(last, 1.0), _UPPER.left, _UPPER.right)
    middle, under = (_LOWER.left + _LOWER.right) / 2, _LOWER.bottom + 16
    parts = [
        drawing.words(2, 14, title, "panel-title"),
        *_curves(_UPPER, x, courses, [course.valid for course in courses]),
        *_curves(_LOWER, x, courses, [course.loss for course in courses]),
        drawing.words(_LOWER.left, under, "0", "tick start"),
        drawing.words(_LOWER.right, under, str(last), "tick end"),
        drawing.words(middle, under, "epoch", "tick middle"),
    ]
    best = _best([value for course in courses for _, value in course.valid], metric)
    description = (
        f"{len(courses)} {'seed' if len(courses) == 1 else 'seeds'}, {last + 1} epochs, "
        f"best validation {wording.metric_name(metric)} {wording.number(best)}"
    )
    return drawing.picture(name, 300, 236, f"Training of {title}", description, parts)


def _curves(
    frame: Box, x: Linear, courses: Sequence[_Course], ways: Sequence[_Way]
) -> list[Markup]:
    y = Linear.over((value for way in ways for _, value in way), frame.bottom, frame.top)
    parts = [drawing.level_grid(frame, y, 3, 5)]
    for course, way in zip(courses, ways, strict=True):
        ends = [*course.starts[1:], math.inf]
        for number_, (start, end) in enumerate(zip(course.starts, ends, strict=True), 1):
            part = [(x.at(epoch), y.at(value)) for epoch, value in way if start <= epoch < end]
            parts.append(node("g", drawing.polyline(part, "line thin"), class_=f"stage-{number_}"))
            if number_ > 1:
                at = x.at(start - 0.5)
                parts.append(drawing.stroke(at, frame.top, at, frame.bottom, "switch"))
    return parts


def _best(values: Sequence[float], metric: str) -> float | None:
    return best_of(values, lambda value: value, bigger=bigger_is_better(metric))


def _reading(courses: Sequence[_Course], metric: str) -> str | None:
    """Say how many two-stage runs got better on validation in their second stage."""
    gains = []
    for course in courses:
        switch = course.starts[1] if len(course.starts) > 1 else math.inf
        first = _best([value for epoch, value in course.valid if epoch < switch], metric)
        second = _best([value for epoch, value in course.valid if epoch >= switch], metric)
        if first is not None and second is not None:
            gains.append(sign_of(metric) * (second - first) > 0)
    if not gains:
        return None
    return (
        f"The second stage got past the first on validation in {sum(gains)} of {len(gains)} runs."
    )

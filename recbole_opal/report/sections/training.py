"""How training went, one small picture a variant."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import groupby
from typing import Any, NamedTuple

from recbole_opal.comparison.result import ComparisonResult
from recbole_opal.evaluation.direction import sign_of, title_of
from recbole_opal.report import wording
from recbole_opal.report.charts import drawing
from recbole_opal.report.charts.labels import Box
from recbole_opal.report.charts.scale import Linear
from recbole_opal.report.elements import Section, legend, note, reading
from recbole_opal.report.looks import dashes, looks
from recbole_opal.report.markup import Markup, join, node
from recbole_opal.report.run_files import RunFiles

__all__ = ["training"]

_UPPER, _LOWER = Box(44, 30, 292, 120), Box(44, 142, 292, 204)
_WHAT = (
    "Above: {metric} on validation. Below: the training loss, all its parts added up; losses of "
    "different models are not comparable. One line a seed, in the colour that the model has "
    "everywhere; the dotted upright is the change of stage."
)


class _Epoch(NamedTuple):
    stage: int  # from 0
    valid: float | None  # the metric
    loss: float | None  # sum of its parts


_Course = list[_Epoch]  # one seed's training, through all stages


def training(comparison: ComparisonResult, files: RunFiles) -> Section | None:
    """Return the section; None where no run left a log of its training.

    A variant that was validated only once has no curve and is named instead.
    """
    metric = comparison.metric
    drawn: list[Markup] = []
    single: list[str] = []
    known: dict[str, list[_Course]] = {}
    named = {row.variant: row for row in comparison.done}
    found = looks(comparison)
    for row in comparison.rows:
        if row.variant in known or not row.runs:
            continue
        logs = map(files.epochs, comparison.run_folders(row).values())
        courses = known[row.variant] = [_course(log, metric) for log in logs if log]
        title = named.get(row.variant, row).named.removesuffix(" soft").removesuffix(" hard")
        if any(len(_validated(course)) > 1 for course in courses):
            name, colour = f"course-{len(drawn)}", found[row.label].colour
            drawn.append(_picture(name, title, courses, metric, colour))
        elif courses:
            single.append(title)
    if not drawn:
        return None
    label = "training of every variant"
    body = join(
        note(_WHAT.format(metric=wording.axis_name(metric))),
        legend(dashes(comparison.rows, found)),
        node(
            "div", drawn, class_="grid-of-pictures", tabindex="0", role="region", aria_label=label
        ),
        reading(_reading([course for courses in known.values() for course in courses], metric)),
        note(f"Validated once, so without a curve: {', '.join(single)}.") if single else None,
    )
    return Section("training", "Training", body)


def _course(log: Sequence[Mapping[str, Any]], metric: str) -> _Course:
    stages = list(dict.fromkeys(epoch["stage"] for epoch in log))
    course = []
    for epoch in log:
        losses = [value for value in (epoch["loss"] or {}).values() if value is not None]
        valid = (epoch["valid"] or {}).get(metric)
        loss = sum(losses) if losses else None
        course.append(_Epoch(stages.index(epoch["stage"]), valid, loss))
    return course


def _validated(epochs: Iterable[_Epoch]) -> list[float]:
    return [epoch.valid for epoch in epochs if epoch.valid is not None]


def _picture(name: str, title: str, courses: Sequence[_Course], metric: str, colour: str) -> Markup:
    last = max(map(len, courses)) - 1
    x = Linear(0, max(last, 1.0), _UPPER.left, _UPPER.right)
    middle, under = (_LOWER.left + _LOWER.right) / 2, _LOWER.bottom + 16
    parts = [
        drawing.words(2, 14, title, "panel-title"),
        node("g", _curves(_UPPER, x, courses, lambda epoch: epoch.valid), data_colour=colour),
        node("g", _curves(_LOWER, x, courses, lambda epoch: epoch.loss), data_colour=colour),
        drawing.words(_LOWER.left, under, "0", "tick start"),
        drawing.words(_LOWER.right, under, str(last), "tick end"),
        drawing.words(middle, under, "epoch", "tick middle"),
    ]
    best = _best(_validated(epoch for course in courses for epoch in course), metric)
    description = (
        f"{len(courses)} {'seed' if len(courses) == 1 else 'seeds'}, {last + 1} epochs, "
        f"best validation {title_of(metric)} {wording.number(best)}"
    )
    return drawing.picture(name, 300, 236, f"Training of {title}", description, parts)


def _curves(
    frame: Box, x: Linear, courses: Sequence[_Course], value: Callable[[_Epoch], float | None]
) -> list[Markup]:
    values = (value(epoch) for course in courses for epoch in course)
    y = Linear.over((each for each in values if each is not None), frame.bottom, frame.top)
    parts = [drawing.level_grid(frame, y, 3, 5)]
    last = max((epoch.stage for course in courses for epoch in course), default=0)
    for course in courses:
        for stage, members in groupby(enumerate(course), lambda pair: pair[1].stage):
            places = [(x.at(number), value(epoch), number) for number, epoch in members]
            way = [(at, y.at(each)) for at, each, _ in places if each is not None]
            parts.append(drawing.polyline(way, "line thin dashed" if stage < last else "line thin"))
            if stage:
                at = x.at(places[0][2] - 0.5)
                parts.append(drawing.stroke(at, frame.top, at, frame.bottom, "switch"))
    return parts


def _best(values: Sequence[float], metric: str) -> float | None:
    return max(values, key=lambda value: sign_of(metric) * value, default=None)


def _reading(courses: Sequence[_Course], metric: str) -> str | None:
    """Say how many runs got better on validation in a stage after their first."""
    gains = []
    for course in courses:
        first = _best(_validated(epoch for epoch in course if epoch.stage == 0), metric)
        later = _best(_validated(epoch for epoch in course if epoch.stage > 0), metric)
        if first is not None and later is not None:
            gains.append(sign_of(metric) * (later - first) > 0)
    if not gains:
        return None
    return f"A later stage got past the first on validation in {sum(gains)} of {len(gains)} runs."

"""What tuning tried, trial by trial, one small picture a model."""

from __future__ import annotations

from collections.abc import Sequence

from recbole_opal.comparison.result import ComparisonResult, Trial
from recbole_opal.comparison.row import shortened
from recbole_opal.evaluation.direction import bigger_is_better, title_of
from recbole_opal.report import wording
from recbole_opal.report.charts import drawing
from recbole_opal.report.charts.labels import Box, Point
from recbole_opal.report.charts.scale import Linear
from recbole_opal.report.elements import Section, folded_table, legend, note, reading
from recbole_opal.report.looks import model_colours
from recbole_opal.report.markup import Child, Markup, join, node
from recbole_opal.settings.fields import typed

__all__ = ["tuning"]

_FRAME = Box(48, 30, 292, 150)
_KEYS = [
    ("opal", "a trial"),
    ("hollow", "the defaults, tried first"),
    ("solid", "the best so far"),
]
_WHAT = (
    "{metric} on validation of each trial, in the order in which they were tried. All had the same "
    "budget; the best settings of each were then trained anew for the table above."
)


def tuning(comparison: ComparisonResult) -> Section | None:
    """Return the section; None where nothing was tuned, or by a version that kept no trials."""
    history = comparison.tuning.history if comparison.tuning else {}
    drawn: list[Markup] = []
    tables: list[Markup] = []
    said: list[str] = []
    colours = model_colours(comparison)
    for label, trials in history.items():
        if not trials:
            continue
        name, colour = shortened(label), colours.get(label.partition(" ")[0], "c0")
        picture = f"tuning-{len(drawn)}"
        drawn.append(_picture(picture, name, trials, comparison.metric, colour))
        tables.append(_table(name, trials, comparison.metric))
        said.append(_told(name, trials, comparison.metric))
    if not drawn:
        return None
    body = join(
        note(_WHAT.format(metric=wording.axis_name(comparison.metric))),
        legend(_KEYS),
        node(
            "div", drawn, class_="grid-of-pictures", tabindex="0", role="region",
            aria_label="the trials of every model",
        ),
        [reading(each) for each in said],
        tables,
    )  # fmt: skip
    return Section("tuning", "Tuning", body)


def _best_so_far(trials: Sequence[Trial], metric: str) -> list[float | None]:
    """Return after each trial the best score of those up to it."""
    better = max if bigger_is_better(metric) else min
    found: list[float | None] = []
    for trial in trials:
        known = [each for each in (*found[-1:], trial.score) if each is not None]
        found.append(better(known, default=None))
    return found


def _picture(name: str, title: str, trials: Sequence[Trial], metric: str, colour: str) -> Markup:
    known = [trial.score for trial in trials if trial.score is not None]
    x = Linear(0.5, max(len(trials), 2) + 0.5, _FRAME.left, _FRAME.right)
    y = Linear.over(known, _FRAME.bottom, _FRAME.top)
    best = _best_so_far(trials, metric)
    way: list[Point] = []
    for number, score in enumerate(best, start=1):
        if score is not None:  # a staircase: level from one trial to the next
            way += [(x.at(number), way[-1][1])] if way else []
            way.append((x.at(number), y.at(score)))
    marks = []
    for number, trial in enumerate(trials, start=1):
        tip = f"trial {number}: {_settings(trial)}: {_score(trial)}"
        at = y.at(trial.score) if trial.score is not None else _FRAME.bottom
        if trial.score is None:
            marks.append(drawing.words(x.at(number), at + 4, "×", "tick middle"))
            continue
        look = "hollow" if number == 1 else None
        marks.append(node("g", drawing.point(x.at(number), at, "opal", tip), class_=look))
    under = _FRAME.bottom + 18
    parts = [
        drawing.words(2, 14, title, "panel-title"),
        drawing.level_grid(_FRAME, y, 3, 5),
        node("g", drawing.polyline(way, "line thin"), marks, data_colour=colour),
        drawing.words(x.at(1), under, "1", "tick middle"),
        drawing.words(x.at(len(trials)), under, str(len(trials)), "tick middle")
        if len(trials) > 1
        else None,
        drawing.words((_FRAME.left + _FRAME.right) / 2, under, "trial", "tick middle"),
    ]
    told = f"{len(trials)} trials, best {title_of(metric)} {wording.number(best[-1])}"
    return drawing.picture(name, 300, 180, f"Tuning of {title}", told, parts)


def _settings(trial: Trial) -> str:
    return (
        " ".join(f"{name}={typed(value)}" for name, value in trial.settings.items()) or "defaults"
    )


def _score(trial: Trial) -> str:
    return wording.number(trial.score) if trial.score is not None else trial.reason or "failed"


def _table(name: str, trials: Sequence[Trial], metric: str) -> Markup:
    names = dict.fromkeys(setting for trial in trials for setting in trial.settings)
    cells: list[list[Child]] = [
        [
            str(number),
            *(typed(trial.settings[each]) if each in trial.settings else "–" for each in names),
            _score(trial),
            wording.seconds(trial.seconds),
        ]
        for number, trial in enumerate(trials, start=1)
    ]
    header = ["Trial", *names, f"{title_of(metric)} on validation", "Time"]
    return folded_table(header, cells, f"The trials of {name}")


def _told(name: str, trials: Sequence[Trial], metric: str) -> str:
    """Say what tuning brought over the defaults, and whether it might go on."""
    best, first = _best_so_far(trials, metric)[-1], trials[0].score
    failed = sum(trial.score is None for trial in trials)
    lost = f", {failed} of which failed" if failed else ""
    if best is None:
        return f"{name}: all {len(trials)} trials failed."
    if len(trials) == 1:
        return f"{name}: the defaults alone were tried ({wording.number(best)})."
    if best == first:
        return (
            f"{name}: none of {len(trials)} trials{lost} beats the defaults ({_score(trials[0])})."
        )
    found = next(n for n, trial in enumerate(trials, start=1) if trial.score == best)
    gain = f", {wording.relative(best, first)} to the defaults" if first is not None else ""
    last = "; it was the last, so that more might find better" if found == len(trials) else ""
    return (
        f"{name}: trial {found} of {len(trials)}{lost} is the best "
        f"({wording.number(best)}{gain}){last}."
    )

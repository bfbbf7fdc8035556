"""Study 2: one stage against two, and when the soft stage hands over."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from recbole_opal.comparison.row import Row
from recbole_opal.comparison.text_tables import TextTable
from recbole_opal.errors import SettingsError
from recbole_opal.evaluation.direction import title_of
from recbole_opal.report.wording import number
from recbole_opal.studies.outcome import Outcome, Pair, label_of
from recbole_opal.studies.pictures.intervals import interval_picture
from recbole_opal.studies.pictures.lines import metric_figure
from recbole_opal.studies.relabelling import relabelled
from recbole_opal.studies.saying import effects_told
from recbole_opal.studies.study import Figure, Part, Study
from recbole_opal.studies.tables import difference_table, values_table
from recbole_opal.studies.ways import HARD_ONLY, SOFT_ONLY, THREE, StagesOptions, ways

__all__ = ["Stages"]

_METRICS = ("recall", "ndcg", "coverage", "category_diversity")


class Stages(Study):
    """Each stage alone, both with early and late switches, and three, all with the same steps."""

    name = "stages"
    title = "One stage, two or three, and when to switch"
    question = (
        "Does training in two stages find more than either stage alone, and when should the soft "
        "stage hand over to the hard one? And what does a third stage add, on the next item alone?"
    )
    asked_by = "a reader who wonders whether the first stage is needed, and for how long"
    varied = {"stages": "switch", "stage_steps": "switch"}
    Options = StagesOptions

    def parts(self, options: Any, seeds: Sequence[int], settings: Mapping[str, Any]) -> list[Part]:
        """A row for each way through the stages."""
        if options.switch[-1] > 99:
            raise SettingsError(
                f"--switch={options.switch[-1]} leaves the hard stage no steps; write percents "
                "from 1 to 99, as --switch=10,30,70,90."
            )
        return [Part(list(ways(options, settings).values()))]

    def readings(self, outcome: Outcome) -> list[str]:
        """Two stages against one, each switch against the one at convergence, the best way."""
        view = _view(outcome)
        metrics = view.at_length("recall", "ndcg", "category_diversity")
        said = [_best_told(view)]
        for pair in _pairs(view):
            what = f"{pair.row.label} against {pair.reference.label}"
            told = effects_told(pair.differences, metrics)
            said.append(f"{what[0].upper()}{what[1:]}: {told}.")
        return said

    def figures(self, outcome: Outcome) -> list[Figure]:
        """Accuracy and diversity over the switch points, and the differences."""
        view, found = _view(outcome), []
        steps, names = zip(*_points(view), strict=True)
        level = {SOFT_ONLY: "soft", HARD_ONLY: "hard", THREE: "next"}
        series = {"after the hard stage": [_row(view, name, "hard") for name in names]}
        series["at the switch (soft)"] = [_row(view, name, "soft") for name in names]
        series |= {name: [_row(view, name, stage)] * len(names) for name, stage in level.items()}
        for metric in dict.fromkeys([view.metric, *view.at_length("category_diversity")]):
            drawn = metric_figure(metric, series, steps, "the steps before the switch", level)
            found.append(replace(drawn, caption=_caption(metric)))
        pairs, metrics = _pairs(view), view.at_length("recall", "ndcg", "category_diversity")
        if pairs:
            named = [replace(pair, row=_less(pair)) for pair in pairs]
            svg = interval_picture("stages", "Ways through the stages", named, metrics)
            caption = (
                "One way less another; bars are 95 % intervals over users, hollow marks are "
                "differences that cannot be told from 0."
            )
            found.append(Figure("differences", svg, caption))
        return found

    def tables(self, outcome: Outcome) -> list[TextTable]:
        """All metrics with what they cost, and what can be tested of them."""
        view = _view(outcome)
        metrics = view.at_length(*_METRICS)
        extras = ("cosine", "epochs", "seconds", "cut_short")
        return [values_table(view, metrics, extras), difference_table(_pairs(view), metrics)]


def _view(outcome: Outcome) -> Outcome:
    """Return the outcome with its rows under the names of the ways."""
    given = outcome.main.rows[0].settings
    return relabelled(outcome, ways(outcome.options, given))


def _row(view: Outcome, name: str, stage: str) -> Row | None:
    """Return a way's row of a stage, None if it failed or has no such stage."""
    found = (row for row in view.rows() if (label_of(row), row.stage) == (name, stage))
    return next(found, None)


def _finals(view: Outcome) -> list[Row]:
    """Return the row of the last stage of each way, in their order."""
    last = {label_of(row): row for row in view.rows()}
    return list(last.values())


def _points(view: Outcome) -> list[tuple[str, str]]:
    """Return the switch points in order, as an axis and as the rows have them.

    Half of the steps stands between the percents, convergence behind all numbers of steps.
    """
    names = dict.fromkeys(label_of(row) for row in view.main.rows)
    aside = (SOFT_ONLY, HARD_ONLY, THREE)
    whole, *others = [name for name in names if name not in aside]
    percents = {f"switch at {p} %": p for p in view.options.switch}
    early = [name for name in others if percents.get(name, 0) < 50]
    ordered = [*early, whole, *(name for name in others if name not in early)]
    return [
        (name.removeprefix("switch at ").removeprefix("switch after "), name) for name in ordered
    ]


def _whole(view: Outcome) -> str:
    """Return the name of the way whose stages both end by themselves, or have equal steps."""
    return label_of(view.main.rows[0])


def _pairs(view: Outcome) -> list[Pair]:
    """Return both stages against each alone, then each other switch against that."""
    name = _whole(view)
    whole = _row(view, name, "hard")
    if whole is None:
        return []
    asked = []
    for way, stage in ((name, "soft"), (SOFT_ONLY, "soft"), (HARD_ONLY, "hard")):
        row = _row(view, way, stage)
        asked += [(whole, row)] if row is not None else []
    for row in _finals(view):
        if label_of(row) not in (name, SOFT_ONLY, HARD_ONLY):
            asked.append((row, whole))
    return view.pairs(asked)


def _less(pair: Pair) -> Row:
    """Return a pair's row under the name of the pair."""
    name = f"{pair.row.label} less {pair.reference.label}"
    return pair.row.model_copy(update={"label": name})


def _best_told(view: Outcome) -> str:
    rows = [row for row in view.rows() if row.label in {r.label for r in _finals(view)}]
    best = max(rows, key=view.main.by_validation)
    value = f"{title_of(view.metric)} {number(best.test[view.metric].mean)} on test"
    return f"Of {len(rows)} ways through the stages validation chooses {best.label} ({value})."


def _caption(metric: str) -> str:
    return (
        f"{title_of(metric)} on the test part, dashed the ways without that switch. All ways have "
        "the same number of steps where a schedule or --steps says how many. A stage hands over "
        "its best weights on validation, so a late switch takes steps from the hard stage, but "
        "nothing from the soft one. Bars are standard deviations over seeds."
    )

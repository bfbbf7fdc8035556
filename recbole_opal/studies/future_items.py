"""Study 3: is it the future items that help, and what do they cost?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from recbole_opal.comparison.row import Row
from recbole_opal.comparison.text_tables import TextTable
from recbole_opal.evaluation.direction import title_of
from recbole_opal.report.wording import number, seconds
from recbole_opal.settings.fields import setting
from recbole_opal.side_by_side.variants import Variant
from recbole_opal.studies.options import Counts
from recbole_opal.studies.outcome import Outcome, Pair
from recbole_opal.studies.pictures.lines import lines_over_steps, metric_figure
from recbole_opal.studies.saying import effects_told
from recbole_opal.studies.study import Figure, Part, Study, StudyOptions
from recbole_opal.studies.tables import difference_table, values_table

__all__ = ["FutureItems"]

_METRICS = ("recall", "ndcg", "coverage", "gini", "category_diversity", "intra_list_similarity")
_AXIS = "W, future items that are targets"


class FutureItemsOptions(StudyOptions):
    """The flags of `future-items`."""

    windows: Counts = setting([1, 5, 20, 50], "numbers W of targets after a cut; 1 = the next item")


class FutureItems(Study):
    """One row for each number of future items that are targets."""

    name = "future-items"
    title = "Future items against the next item"
    question = (
        "Does it help to predict up to W of the items that follow, in place of the next one, and "
        "what does it cost?"
    )
    asked_by = "a reader who suspects that the gain is of the targets, not of the interests"
    varied = {"future_window": "windows"}
    Options = FutureItemsOptions

    def parts(self, options: Any, seeds: Sequence[int], settings: Mapping[str, Any]) -> list[Part]:
        """A row a window."""
        return [Part([_window(each) for each in options.windows])]

    def readings(self, outcome: Outcome) -> list[str]:
        """For each stage the window that validation chooses, its effect and its cost."""
        metrics = outcome.at_length(*_METRICS)
        said = []
        for stage in outcome.stages:
            rows = [row for row in _series(outcome, stage) if row is not None]
            if len(rows) < 2:
                continue
            first, best = rows[0], max(rows, key=outcome.main.by_validation)
            where = f" ({stage})" if stage and len(outcome.stages) > 1 else ""
            told = f"On validation W = {_of(best)} is best{where}"
            if best is first:
                value = best.test[outcome.metric].mean
                said.append(
                    f"{told}, the fewest asked: {title_of(outcome.metric)} {number(value)}."
                )
            else:
                pair = next(each for each in _pairs(outcome) if each.row is best)
                effects = effects_told(pair.differences, metrics)
                said.append(f"{told}. Against W = {_of(first)}: {effects}.")
            said += _costs_told(rows, where)
        return said

    def figures(self, outcome: Outcome) -> list[Figure]:
        """Accuracy, seconds and diversity over W, a line a stage."""
        steps = [str(each) for each in outcome.options.windows]
        series = {f"OPAL {stage}".strip(): _series(outcome, stage) for stage in outcome.stages}
        dashed = list(series)[:-1]
        shown = [outcome.metric, *outcome.at_length("category_diversity")]
        found = [metric_figure(metric, series, steps, _AXIS, dashed) for metric in shown]
        titles = _AXIS, "seconds of training, lower is better"
        title = "Seconds of training over W"
        svg = lines_over_steps(title, series, steps, titles, lambda row: row.train_seconds, dashed)
        caption = (
            "Seconds of training until stopping, of the processor, earlier stages included. Bars: "
            "standard deviation over seeds, none with one."
        )
        return [*found, Figure("seconds", svg, caption)]

    def tables(self, outcome: Outcome) -> list[TextTable]:
        """All metrics with the costs, and each window less the smallest."""
        metrics = outcome.at_length(*_METRICS)
        extras = ("cosine", "seconds", "epochs", "cut_short")
        tables = [values_table(outcome, metrics, extras)]
        return [*tables, difference_table(_pairs(outcome), metrics)]


def _window(size: int) -> Variant:
    return Variant("OPAL", {"future_window": size})


def _of(row: Row) -> int:
    return int(row.settings["future_window"])


def _series(outcome: Outcome, stage: str) -> list[Row | None]:
    return [outcome.row(_window(each), stage) for each in outcome.options.windows]


def _pairs(outcome: Outcome) -> list[Pair]:
    asked = []
    for stage in outcome.stages:
        rows = [row for row in _series(outcome, stage) if row is not None]
        asked += [(row, rows[0]) for row in rows[1:]]
    return outcome.pairs(asked)


def _costs_told(rows: Sequence[Row], where: str) -> list[str]:
    told = [
        f"{seconds(row.train_seconds.mean)} at W = {_of(row)}" for row in rows if row.train_seconds
    ]
    return [f"Training until stopping takes{where} {', '.join(told)}."] if told else []

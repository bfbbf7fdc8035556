"""Study 7: accuracy and diversity against K, as figures 3 and 4 of the paper."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from recbole_opal.comparison.row import Row
from recbole_opal.comparison.text_tables import TextTable
from recbole_opal.evaluation.direction import title_of
from recbole_opal.report.wording import number
from recbole_opal.settings.fields import Text, setting
from recbole_opal.side_by_side.variants import Variant, parse_variants
from recbole_opal.studies.options import Counts, refuse_more_interests_than_dimensions
from recbole_opal.studies.outcome import Outcome, Pair, label_of
from recbole_opal.studies.pictures.lines import metric_figure
from recbole_opal.studies.saying import difference_told, effects_told
from recbole_opal.studies.study import Figure, Part, Study, StudyOptions
from recbole_opal.studies.tables import difference_table, values_table

__all__ = ["NumberOfInterests"]

_METRICS = ("recall", "ndcg", "coverage", "gini", "category_diversity", "intra_list_similarity")
_CONTROL = Variant("YouTubeDNN")


class NumberOfInterestsOptions(StudyOptions):
    """The flags of `number-of-interests`."""

    interests: Counts = setting([1, 2, 4, 8, 16], "numbers K of interests")
    models: Text = setting(
        "OPAL", "models with interests, each with every K, as OPAL,MIND,REMI", min_length=1
    )
    control: bool = setting(True, "True: YouTubeDNN, one mean vector, as a level line")


class NumberOfInterests(Study):
    """One row for each model and K, and the control."""

    name = "number-of-interests"
    title = "Accuracy and diversity against the number of interests"
    question = "Do more interests find more, and are their lists more diverse?"
    asked_by = "the paper's figures 3 and 4"
    varied = {"num_interests": "interests"}
    Options = NumberOfInterestsOptions

    def parts(self, options: Any, seeds: Sequence[int], settings: Mapping[str, Any]) -> list[Part]:
        """A row a model and K; the control last."""
        refuse_more_interests_than_dimensions(options.interests, settings.get("hidden_size"))
        models = parse_variants(options.models)
        rows = [_with(model, k) for model in models for k in options.interests]
        return [Part([*rows, _CONTROL] if options.control else rows)]

    def readings(self, outcome: Outcome) -> list[str]:
        """For each line: the K that validation chooses, against the fewest and the control."""
        metrics = outcome.at_length(*_METRICS)
        said = []
        for name, series in _lines(outcome).items():
            rows = [row for row in series if row is not None]
            if len(rows) < 2:
                continue
            first, best = rows[0], max(rows, key=outcome.main.by_validation)
            value = f"{title_of(outcome.metric)} {number(best.test[outcome.metric].mean)} on test"
            told = f"{name}: validation chooses K = {best.interests} ({value})"
            if best is first:
                said.append(f"{told}, the fewest that were asked for.")
            else:
                pair = next(each for each in _to_fewest(outcome) if each.row is best)
                effects = effects_told(pair.differences, metrics)
                said.append(f"{told}. Against K = {first.interests}: {effects}.")
            if rows[-1] is not best:
                pair = next(each for each in _to_fewest(outcome) if each.row is rows[-1])
                effects = effects_told(pair.differences, metrics)
                said.append(
                    f"{name}: the most, K = {rows[-1].interests}, against K = {first.interests}: "
                    f"{effects}."
                )
            for pair in (each for each in _to_control(outcome) if each.row is best):
                told = difference_told(pair.differences[outcome.metric], outcome.metric)
                said.append(f"{name}, K = {best.interests}, against one mean vector: {told}.")
        return said

    def figures(self, outcome: Outcome) -> list[Figure]:
        """Accuracy, category diversity and coverage over K, a line a model and stage."""
        steps = [str(k) for k in outcome.options.interests]
        series = _lines(outcome)
        control = _control(outcome)
        if control is not None:
            series["YouTubeDNN (one vector)"] = [control] * len(steps)
        early = [name for name in series if name.endswith(tuple(f" {s}" for s in _early(outcome)))]
        shown = [outcome.metric, *outcome.at_length("category_diversity", "coverage")]
        axis = "K, interests a user"
        return [metric_figure(metric, series, steps, axis, early) for metric in shown]

    def tables(self, outcome: Outcome) -> list[TextTable]:
        """All metrics, each K less the fewest of its line, and each row less the control."""
        metrics = outcome.at_length(*_METRICS)
        tables = [
            values_table(outcome, metrics, ("cosine", "entropy", "cut_short")),
            difference_table(_to_fewest(outcome), metrics, title="Less the fewest interests"),
        ]
        if _to_control(outcome):
            title = "Less the control"
            tables.append(difference_table(_to_control(outcome), metrics, title=title))
        return tables


def _with(model: Variant, k: int) -> Variant:
    return Variant(model.model, {**model.settings, "num_interests": k})


def _control(outcome: Outcome) -> Row | None:
    return next((row for row in outcome.rows() if label_of(row) == _CONTROL.label), None)


def _early(outcome: Outcome) -> list[str]:
    return outcome.stages[:-1]


def _lines(outcome: Outcome) -> dict[str, list[Row | None]]:
    """Return the rows of each model and stage, one a K, None where one failed."""
    found = {}
    for model in parse_variants(outcome.options.models):
        variants = [_with(model, k) for k in outcome.options.interests]
        rows = {(label_of(row), row.stage): row for row in outcome.rows()}
        labels = [variant.label for variant in variants]
        stages = list(dict.fromkeys(stage for label, stage in rows if label in labels))
        for stage in stages:
            name = f"{model.label} {stage}" if len(stages) > 1 else model.label
            found[name] = [rows.get((each, stage)) for each in labels]
    return found


def _to_fewest(outcome: Outcome) -> list[Pair]:
    asked = []
    for series in _lines(outcome).values():
        rows = [row for row in series if row is not None]
        asked += [(row, rows[0]) for row in rows[1:]]
    return outcome.pairs(asked)


def _to_control(outcome: Outcome) -> list[Pair]:
    control = _control(outcome)
    if control is None:
        return []
    return outcome.pairs([(row, control) for row in outcome.rows() if row is not control])

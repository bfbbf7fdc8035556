"""Study 5: other ways to take apart what a user likes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from recbole_opal.comparison.row import Row
from recbole_opal.comparison.text_tables import TextTable
from recbole_opal.evaluation.direction import title_of
from recbole_opal.report.readings import frontier
from recbole_opal.report.wording import listed, number
from recbole_opal.settings.fields import Text, setting
from recbole_opal.settings.properties import model_yaml
from recbole_opal.settings.values import load_settings_file
from recbole_opal.side_by_side.variants import Variant, parse_variants
from recbole_opal.studies.outcome import Outcome, Pair
from recbole_opal.studies.pictures.scatter import accuracy_against_diversity
from recbole_opal.studies.saying import difference_told, effects_told
from recbole_opal.studies.study import Figure, Part, Study, StudyOptions
from recbole_opal.studies.tables import difference_table, values_table

__all__ = ["Disentanglers"]

_METRICS = ("recall", "ndcg", "coverage", "gini", "category_diversity", "intra_list_similarity")
_DIVERSITY = ("category_diversity", "coverage")
_COUNTS = ("num_interests", "kfac")  # settings that are a model's number of interests or concepts
_OTHERS = "GaussianMixture,GaussianMixture@clusters=serving,VQCodebook,MultiVAE,MacridVAE"
_CONTROL = Variant("YouTubeDNN")


class DisentanglersOptions(StudyOptions):
    """The flags of `disentanglers`."""

    interests: int = setting(
        4, "number K of interests, clusters, codes and concepts in all rows", ge=2, le=64
    )
    others: Text = setting(_OTHERS, "the models that stand beside OPAL", min_length=1)


class Disentanglers(Study):
    """OPAL with K interests and with one, the control of one mean, and the others."""

    name = "disentanglers"
    title = "Other ways to take a user's interests apart"
    question = (
        "Do hyper-categories find more, or more diverse lists, than clusters of each user's own "
        "items, than a shared codebook, or than variational autoencoders?"
    )
    asked_by = "a reader who asks what is special about orthogonal hyper-categories"
    varied = {"num_interests": "interests", "kfac": "interests"}
    Options = DisentanglersOptions

    def parts(self, options: Any, seeds: Sequence[int], settings: Mapping[str, Any]) -> list[Part]:
        """OPAL first, then its one interest, the control, and the others."""
        return [Part([*_own(options), *_others(options)])]

    def readings(self, outcome: Outcome) -> list[str]:
        """Each row less OPAL, several interests less one, the frontier and the cosines."""
        metrics = outcome.at_length(*_METRICS)
        said = []
        for pair in _to_opal(outcome):
            told = effects_told(pair.differences, metrics)
            said.append(f"{pair.row.short} less {pair.reference.short}: {told}.")
        for pair in _to_one(outcome):
            told = difference_told(pair.differences[outcome.metric], outcome.metric)
            said.append(f"{pair.row.short} against one vector ({pair.reference.short}): {told}.")
        for measure in outcome.at_length(*_DIVERSITY):
            rows = _with(outcome, measure)
            if rows:
                title = title_of(measure)
                said.append(f"{title}: {frontier(outcome.metric, rows, measure)}")
        return said + _cosines_told(outcome.rows())

    def figures(self, outcome: Outcome) -> list[Figure]:
        """Accuracy against category diversity, and against coverage."""
        found = []
        for measure in outcome.at_length(*_DIVERSITY):
            rows = _with(outcome, measure)
            if rows:
                svg = accuracy_against_diversity(rows, outcome.metric, measure)
                caption = (
                    f"{title_of(outcome.metric)} against {title_of(measure)} on the test part; "
                    "circles: OPAL, diamonds: other models of several interests, squares: of one "
                    "vector or score. Bars: standard deviation over seeds, none with one seed."
                )
                found.append(Figure(measure.partition("@")[0].replace("_", "-"), svg, caption))
        return found

    def tables(self, outcome: Outcome) -> list[TextTable]:
        """All metrics, each row less OPAL, and several interests less one."""
        metrics = outcome.at_length(*_METRICS)
        return [
            values_table(outcome, metrics, ("cosine", "entropy", "seconds", "cut_short")),
            difference_table(_to_opal(outcome), metrics, title="Less OPAL's best stage"),
            difference_table(_to_one(outcome), metrics, title="Several interests less one vector"),
        ]


def _opal(k: int) -> Variant:
    return Variant("OPAL", {"num_interests": k})


def _own(options: Any) -> list[Variant]:
    return [_opal(options.interests), _opal(1), _CONTROL]


def _others(options: Any) -> list[Variant]:
    asked = [_counted(each, options.interests) for each in parse_variants(options.others)]
    return [each for each in asked if each not in _own(options)]


def _counted(variant: Variant, k: int) -> Variant:
    """Return a variant with K of whatever its model counts; a class of the user's as it is."""
    path = model_yaml(variant.model)
    known = {} if path is None else load_settings_file(path)
    chosen = {name: k for name in _COUNTS if name in known}
    return Variant(variant.model, {**chosen, **variant.settings})


def _best(outcome: Outcome, variant: Variant) -> Row | None:
    """Return the stage of a variant that is best on validation."""
    stages = dict.fromkeys(row.stage for row in outcome.rows())
    rows = [outcome.row(variant, stage) for stage in stages]
    return max((r for r in rows if r is not None), key=outcome.main.by_validation, default=None)


def _to_opal(outcome: Outcome) -> list[Pair]:
    opal = _best(outcome, _opal(outcome.options.interests))
    if opal is None:
        return []
    _, *mine = _own(outcome.options)
    rows = [_best(outcome, each) for each in [*mine, *_others(outcome.options)]]
    return outcome.pairs([(row, opal) for row in rows if row is not None])


def _to_one(outcome: Outcome) -> list[Pair]:
    """Return OPAL against its own single interest, the others of several against the control."""
    asked = []
    one, many = _best(outcome, _opal(1)), _best(outcome, _opal(outcome.options.interests))
    if one is not None and many is not None:
        asked.append((many, one))
    control = _best(outcome, _CONTROL)
    for each in _others(outcome.options):
        row = _best(outcome, each)
        if row is not None and control is not None and row.family == "multi":
            asked.append((row, control))
    return outcome.pairs(asked)


def _with(outcome: Outcome, measure: str) -> list[Row]:
    return [r for r in outcome.rows() if {outcome.metric, measure} <= set(r.test)]


def _cosines_told(rows: Sequence[Row]) -> list[str]:
    """Say how alike the interests of each model are; models of one vector have none."""
    told = [
        f"{row.short} {number(row.diagnostics.cosine, 3)}"
        for row in rows
        if row.diagnostics is not None and row.diagnostics.cosine is not None
    ]
    if not told:
        return []
    return [f"The mean cosine of a user's interests, 1 = all the same: {listed(told, len(told))}."]

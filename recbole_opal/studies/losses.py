"""Study 1: what each of OPAL's regularisers is for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from recbole_opal.comparison.row import Row
from recbole_opal.comparison.text_tables import TextTable
from recbole_opal.errors import SettingsError
from recbole_opal.evaluation.direction import title_of
from recbole_opal.report.wording import listed, number
from recbole_opal.settings.fields import Names, setting
from recbole_opal.side_by_side.variants import Variant
from recbole_opal.studies.outcome import Outcome, Pair
from recbole_opal.studies.pictures.intervals import interval_picture
from recbole_opal.studies.saying import effects_told
from recbole_opal.studies.study import Figure, Part, Study, StudyOptions
from recbole_opal.studies.tables import difference_table, values_table

__all__ = ["Losses"]

_WEIGHTS = {
    "orthogonality": "orthogonality_weight",
    "uniformity": "uniformity_weight",
    "unique": "unique_weight",
}
_FULL = Variant("OPAL", {_WEIGHTS["unique"]: 1})  # the default recipe leaves that one away
_ACCURACY = ("recall", "ndcg")
_DIVERSITY = ("coverage", "gini", "category_diversity", "intra_list_similarity")


class LossesOptions(StudyOptions):
    """The flags of `losses`."""

    without: Names = setting(
        [*_WEIGHTS, "all"], "the losses that are switched off, one a row", min_length=1
    )


class Losses(Study):
    """Orthogonality, uniformity and unique switched off, one by one and all at once.

    All are on in the reference, also the unique loss, which the default recipe leaves away.
    """

    name = "losses"
    title = "What each of OPAL's three regularisers does"
    question = (
        "If orthogonality, uniformity or the unique loss is switched off, what becomes of "
        "accuracy, of the lists' diversity and of the interests?"
    )
    asked_by = "a reader of the paper's ablation, who also wants to see diversity"
    Options = LossesOptions

    def parts(self, options: Any, seeds: Sequence[int], settings: Mapping[str, Any]) -> list[Part]:
        """One row with all losses, and one for each that is left away."""
        return [Part([_FULL, *(without(name) for name in self._names(options))])]

    def readings(self, outcome: Outcome) -> list[str]:
        """A sentence for each loss and stage, and one on the interests."""
        metrics = outcome.at_length(*_ACCURACY, *_DIVERSITY)
        said = []
        for name in self._names(outcome.options):
            for pair in self._pairs(outcome):
                if pair.row.variant == without(name).text:
                    said.append(_told(name, pair, metrics, outcome))
        return said

    def figures(self, outcome: Outcome) -> list[Figure]:
        """Differences to OPAL with all losses, a panel a metric."""
        pairs = self._pairs(outcome)
        metrics = outcome.at_length("recall", "ndcg", "category_diversity", "intra_list_similarity")
        if not pairs:
            return []
        svg = interval_picture(
            "losses", "Losses switched off, less OPAL with all", pairs, metrics, _labelled
        )
        caption = (
            "Each row less OPAL with all its losses in the same stage; bars are 95 % intervals "
            "over users, hollow marks are differences that cannot be told from 0."
        )
        return [Figure("differences", svg, caption)]

    def tables(self, outcome: Outcome) -> list[TextTable]:
        """All metrics, and what can be tested of them."""
        metrics = outcome.at_length(*_ACCURACY, *_DIVERSITY)
        extras = ("cosine", "entropy", "cut_short")
        return [
            values_table(outcome, metrics, extras),
            difference_table(self._pairs(outcome), metrics),
        ]

    def _pairs(self, outcome: Outcome) -> list[Pair]:
        asked = []
        for name in self._names(outcome.options):
            for stage in outcome.stages:
                row, full = outcome.row(without(name), stage), outcome.row(_FULL, stage)
                if row is not None and full is not None:
                    asked.append((row, full))
        return outcome.pairs(asked)

    @staticmethod
    def _names(options: Any) -> list[str]:
        for name in options.without:
            if name not in (*_WEIGHTS, "all"):
                raise SettingsError(
                    f"--without={name} is no loss of OPAL; choose from {', '.join(_WEIGHTS)}, all."
                )
        return list(dict.fromkeys(options.without))


def without(name: str) -> Variant:
    """Return OPAL without a loss, or without `all` of them."""
    names = _WEIGHTS if name == "all" else [name]
    off = {_WEIGHTS[each]: 0 for each in names}
    return Variant("OPAL", {**off, **_FULL.settings, **off})


def _told(name: str, pair: Pair, metrics: Sequence[str], outcome: Outcome) -> str:
    stage = f" ({pair.row.stage})" if len(outcome.stages) > 1 else ""
    start = f"Without {_title(name)}{stage}"
    if all(each.difference == each.low == each.high == 0 for each in pair.differences.values()):
        return (
            f"{start}: nothing changes; the loss has no part in this stage, or no epoch of it was "
            "better than the weights it began with."
        )
    others = [
        f"{title_of(metric)} {number(pair.row.test[metric].mean)} instead of "
        f"{number(pair.reference.test[metric].mean)}"
        for metric in metrics
        if metric not in pair.differences and metric in pair.row.test
    ]
    cosine, before = (
        each.diagnostics and each.diagnostics.cosine for each in (pair.row, pair.reference)
    )
    if cosine is not None and before is not None:
        others.append(f"mean cosine of the interests {cosine:.3f} instead of {before:.3f}")
    rest = f" {listed(others, len(others) + 1)}." if others else ""
    return f"{start}: {effects_told(pair.differences, metrics)}.{rest}"


def _title(name: str) -> str:
    return "any of the three" if name == "all" else name


def _labelled(row: Row) -> str:
    """Return a row's name in the picture: `without uniformity, soft`."""
    left_out = [name for name, weight in _WEIGHTS.items() if row.settings.get(weight) == 0]
    name = "all" if len(left_out) == len(_WEIGHTS) else left_out[0] if left_out else ""
    return ", ".join(filter(None, [f"without {_title(name)}" if name else row.model, row.stage]))

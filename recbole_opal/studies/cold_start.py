"""Study 8: do features find the items that training has not met, and what do the others pay?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from recbole_opal.comparison.differences import tested_together
from recbole_opal.comparison.row import Difference, Row
from recbole_opal.comparison.text_tables import TextTable
from recbole_opal.errors import SettingsError
from recbole_opal.evaluation.direction import title_of
from recbole_opal.report.wording import interval, number, signed
from recbole_opal.settings.fields import Finite, Names, setting
from recbole_opal.side_by_side.variants import Variant
from recbole_opal.studies.chance import recall_by_chance
from recbole_opal.studies.options import Counts, Decimals
from recbole_opal.studies.outcome import Outcome, label_of
from recbole_opal.studies.pictures.intervals import interval_picture
from recbole_opal.studies.saying import effects_told
from recbole_opal.studies.study import Figure, Part, Study, StudyOptions
from recbole_opal.studies.tables import difference_table, values_table

__all__ = ["ColdStart"]

_METRICS = ("coldrecall", "warmrecall", "recall", "coverage")
_POPULARITY = Variant("Pop")


class ColdStartOptions(StudyOptions):
    """The flags of `cold-start`."""

    boosts: Decimals = setting(
        [1.0, 1.05, 1.1, 1.15, 1.2, 1.3],
        "factors on the vectors of new items; validation chooses the one that is judged on test",
    )
    warm_loss: Finite = setting(
        0.1,
        "largest share of its recall of known items on validation that the smallest boost's row "
        "may lose by the chosen one",
        ge=0,
        lt=1,
    )
    features: Names = setting(
        [], "columns of the .item file of which items are composed, as tag,author_id; needed"
    )
    interests: Counts = setting([1, 4], "numbers K of interests")


class ColdStart(Study):
    """Each K with the features and without them, popularity, and lists at random by calculation.

    The items that are new to validation choose the boost, those that are new to test judge it.
    """

    name = "cold-start"
    title = "New items by their features"
    question = (
        "Do features find items that training has not met, more than popularity and chance do, and "
        "what does it cost the items that it has met?"
    )
    asked_by = "whoever adds items every day"
    varied = {
        "item_features": "features",
        "new_item_boost": "boosts",
        "num_interests": "interests",
    }
    defaults = {"cold_items": 0.2, "metrics": ["Recall", "ColdRecall", "WarmRecall"]}
    Options = ColdStartOptions

    def parts(self, options: Any, seeds: Sequence[int], settings: Mapping[str, Any]) -> list[Part]:
        """A row without features and one a boost of each K, and popularity."""
        if not options.features:
            raise SettingsError(
                "--features is missing; name columns of the .item file, as --features=tag,author."
            )
        if "ColdRecall" not in settings.get("metrics", self.defaults["metrics"]):
            raise SettingsError("--metrics lacks ColdRecall, which this study is about; add it.")
        rows = []
        for k in options.interests:
            rows += [_without(k), *(_with(options, k, boost) for boost in options.boosts)]
        return [Part([*rows, _POPULARITY])]

    def readings(self, outcome: Outcome) -> list[str]:
        """For each K: the boost, what features find of the new items, and what they cost."""
        said = []
        cold = outcome.at_length("coldrecall")
        told = outcome.pairs(_tested(outcome))
        for choice in _choices(outcome):
            row, called = choice.row, choice.called(outcome)
            if len(outcome.options.boosts) > 1:
                said.append(f"{called}: {choice.told(outcome)}.")
            pair = next(p for p in told if p.row is row and p.reference is choice.without)
            effects = effects_told(pair.differences, outcome.at_length(*_METRICS))
            said.append(f"{called}, against the same without features: {effects}.")
            for metric in cold:
                found = row.test[metric].mean
                chance, difference = _against_chance(outcome, row, metric)
                said.append(
                    f"{called}: {title_of(metric)} {number(found)}; lists at random find "
                    f"{number(chance)}, a difference of {signed(difference.difference)} "
                    f"{interval(difference.low, difference.high)}."
                )
        return said

    def figures(self, outcome: Outcome) -> list[Figure]:
        """Differences that features make, and to popularity."""
        pairs = outcome.pairs(_tested(outcome))
        if not pairs:
            return []
        title = "Rows with features less the same without, and less popularity"
        metrics = outcome.at_length("coldrecall", "warmrecall")
        svg = interval_picture("cold-start", title, pairs, metrics)
        return [Figure("differences", svg, f"{title}. Bars: 95 % intervals over users, paired.")]

    def tables(self, outcome: Outcome) -> list[TextTable]:
        """The choice on validation; then on test chosen and unboosted rows, chance, differences."""
        choices, pairs = _choices(outcome), outcome.pairs(_tested(outcome))
        metrics = outcome.at_length(*_METRICS)
        shown = [row for one in choices for row in (one.without, *one.judged)] + _popular(outcome)
        found = [values_table(outcome, metrics, ("seconds", "cut_short"), rows=shown or None)]
        if choices and len(outcome.options.boosts) > 1:
            found.insert(0, _choice_table(outcome, choices))
        judged = [row for one in choices for row in one.judged]
        cells = [[row.short, *_chance_cells(outcome, row)] for row in judged]
        note = "Chance: each item that may be listed is as likely; 95 % intervals over users."
        header = ["", "found", "by chance", "difference"]
        found.append(TextTable("New items against chance", header, cells, [note]))
        return [*found, difference_table(pairs, metrics)] if pairs else found


@dataclass(frozen=True)
class _Choice:
    """What validation says of the boosts of a K, in a stage."""

    without: Row  # features
    rows: Mapping[float, Row]  # by their boost, in ascending order
    bound: float  # that the recall of known items must reach
    boost: float  # the chosen one

    @property
    def row(self) -> Row:
        return self.rows[self.boost]

    @property
    def judged(self) -> list[Row]:
        """The rows that are told of on test: with the smallest boost, and the chosen one."""
        first = next(iter(self.rows))
        return [self.rows[boost] for boost in dict.fromkeys((first, self.boost))]

    def called(self, outcome: Outcome) -> str:
        stage = f", {self.row.stage}" if self.row.stage and len(outcome.stages) > 1 else ""
        return f"K = {self.row.interests}{stage}, features, boost {self.boost:g}"

    def told(self, outcome: Outcome) -> str:
        cold, warm = (self.row.valid[name].mean for name in _judges(outcome))
        return (
            f"on validation it finds {number(cold)} of the new items' targets, the most of those "
            f"that keep {number(self.bound)} of the known ones' ({number(warm)} here)"
        )


def _judges(outcome: Outcome) -> tuple[str, str]:
    """Return the metrics that choose."""
    return f"coldrecall@{outcome.main.k}", f"warmrecall@{outcome.main.k}"


def _choices(outcome: Outcome) -> list[_Choice]:
    """Choose the boost of each K and stage: the most of the new items, of equals the smaller one.

    The smallest boost, against which a loss is measured, is always among those that may be chosen.
    """
    options, found = outcome.options, []
    cold, warm = _judges(outcome)
    for k in options.interests:
        for stage in outcome.stages:
            without = outcome.row(_without(k), stage)
            known = {
                boost: outcome.row(_with(options, k, boost), stage) for boost in options.boosts
            }
            rows = {boost: row for boost, row in known.items() if row and cold in row.valid}
            if without is None or not rows:
                continue
            bound = (1 - options.warm_loss) * next(iter(rows.values())).valid[warm].mean
            fit = [boost for boost, row in rows.items() if row.valid[warm].mean >= bound]
            best = max(fit, key=lambda boost: (rows[boost].valid[cold].mean, -boost))
            found.append(_Choice(without, rows, bound, best))
    return found


def _choice_table(outcome: Outcome, choices: Sequence[_Choice]) -> TextTable:
    metrics = _judges(outcome)
    cells = [
        [
            row.short,
            *(number(row.valid[metric].mean) for metric in metrics),
            number(choice.bound),
            "chosen" if boost == choice.boost else "",
        ]
        for choice in choices
        for boost, row in choice.rows.items()
    ]
    header = ["", *(title_of(metric, short=True) for metric in metrics), "warm at least", ""]
    note = (
        f"Chosen: the most of the items that are new to validation, where those that are known "
        f"lose at most {outcome.options.warm_loss:.0%} of what the smallest boost has. Test has "
        "other new items and was not looked at."
    )
    return TextTable("The boost, on the validation part", header, cells, [note])


def _without(interests: int) -> Variant:
    return Variant("OPAL", {"num_interests": interests})


def _with(options: Any, interests: int, boost: float) -> Variant:
    own = {"item_features": options.features, "new_item_boost": boost}
    return Variant("OPAL", {"num_interests": interests, **own})


def _popular(outcome: Outcome) -> list[Row]:
    return [row for row in outcome.rows() if label_of(row) == _POPULARITY.label]


def _tested(outcome: Outcome) -> list[tuple[Row, Row]]:
    """Return what is tested: chosen rows less the same without features, and less popularity."""
    choices = _choices(outcome)
    pairs = [(one.row, one.without) for one in choices]
    return pairs + [(one.row, other) for one in choices for other in _popular(outcome)]


def _against_chance(outcome: Outcome, row: Row, metric: str) -> tuple[float, Difference]:
    """Return what chance finds, and a row less that, over the users with new targets."""
    main = outcome.main
    values = main.user_values(row)
    run = main.open_run(next(iter(main.run_folders(row).values())))
    by_chance = recall_by_chance(run, main.k)
    expected = np.array([by_chance[user] for user in values.users])
    found = values.metrics[metric]
    told = tested_together({metric: found}, {metric: expected})
    asked = np.isfinite(found).all(axis=0)
    return float(expected[asked].mean()), told[metric]


def _chance_cells(outcome: Outcome, row: Row) -> list[str]:
    (metric,) = outcome.at_length("coldrecall")
    chance, told = _against_chance(outcome, row, metric)
    mark = " *" if told.marked else ""
    cells = number(row.test[metric].mean), number(chance)
    return [*cells, f"{signed(told.difference)} {interval(told.low, told.high)}{mark}"]

"""Study 8: do features find the items that training has not met, and what do the others pay?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product
from typing import Any

import numpy as np

from recbole_opal.comparison.differences import tested_together
from recbole_opal.comparison.row import Difference, Row
from recbole_opal.comparison.text_tables import TextTable
from recbole_opal.errors import SettingsError
from recbole_opal.evaluation.direction import title_of
from recbole_opal.report.wording import interval, number, signed
from recbole_opal.settings.fields import Names, setting, typed
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

    boosts: Decimals = setting([1.0, 1.15], "factors on the vectors of new items, a row each")
    features: Names = setting(
        [], "columns of the .item file of which items are composed, as tag,author_id; needed"
    )
    interests: Counts = setting([1, 4], "numbers K of interests")


class ColdStart(Study):
    """Each K with the features and without them, popularity, and lists at random by calculation."""

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
        """Two rows a K, and popularity."""
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
        """For each K: what features find of the new items, against chance, and what they cost."""
        said = []
        cold = outcome.at_length("coldrecall")
        for row, without in _pairs(outcome):
            told = outcome.pairs(_all_pairs(outcome))
            pair = next(p for p in told if p.row is row and p.reference is without)
            effects = effects_told(pair.differences, outcome.at_length(*_METRICS))
            said.append(f"{_called(outcome, row)}, against the same without features: {effects}.")
            for metric in cold:
                found = row.test[metric].mean
                chance, difference = _against_chance(outcome, row, metric)
                said.append(
                    f"{_called(outcome, row)}: {title_of(metric)} {number(found)}; lists at random "
                    f"find {number(chance)}, a difference of {signed(difference.difference)} "
                    f"{interval(difference.low, difference.high)}."
                )
        return said

    def figures(self, outcome: Outcome) -> list[Figure]:
        """Differences that features make, and to popularity."""
        pairs = outcome.pairs(_all_pairs(outcome))
        if not pairs:
            return []
        title = "Rows with features less the same without, and less popularity"
        metrics = outcome.at_length("coldrecall", "warmrecall")
        svg = interval_picture("cold-start", title, pairs, metrics)
        return [Figure("differences", svg, f"{title}. Bars: 95 % intervals over users, paired.")]

    def tables(self, outcome: Outcome) -> list[TextTable]:
        """All rows with chance, and the differences."""
        metrics = outcome.at_length(*_METRICS)
        found = [values_table(outcome, metrics, ("seconds", "cut_short"))]
        rows = [[row.short, *_chance_cells(outcome, row)] for row, _ in _pairs(outcome)]
        header = ["", "found", "by chance", "difference"]
        note = "Chance: each item that may be listed is as likely; 95 % intervals over users."
        found.append(TextTable("New items against chance", header, rows, [note]))
        pairs = outcome.pairs(_all_pairs(outcome))
        return [*found, difference_table(pairs, metrics)] if pairs else found


def _without(interests: int) -> Variant:
    return Variant("OPAL", {"num_interests": interests})


def _with(options: Any, interests: int, boost: float) -> Variant:
    own = {"item_features": options.features, "new_item_boost": boost}
    return Variant("OPAL", {"num_interests": interests, **own})


def _pairs(outcome: Outcome) -> list[tuple[Row, Row]]:
    """Return each row with features and the same without."""
    rows = {(label_of(row), row.stage): row for row in outcome.rows()}
    found = []
    for k, boost in product(outcome.options.interests, outcome.options.boosts):
        one, other = _with(outcome.options, k, boost).label, _without(k).label
        for stage in outcome.stages:
            if (one, stage) in rows and (other, stage) in rows:
                found.append((rows[one, stage], rows[other, stage]))
    return found


def _all_pairs(outcome: Outcome) -> list[tuple[Row, Row]]:
    """Return what is tested: rows with features less the same without, and less popularity."""
    pairs = _pairs(outcome)
    popular = [row for row in outcome.rows() if label_of(row) == _POPULARITY.label]
    return pairs + [(row, other) for row, _ in pairs for other in popular]


def _called(outcome: Outcome, row: Row) -> str:
    stage = f", {row.stage}" if row.stage and len(outcome.stages) > 1 else ""
    boost = next(b for b in outcome.options.boosts if f"new_item_boost={typed(b)}" in row.label)
    return f"K = {row.interests}{stage}, features, boost {boost:g}"


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

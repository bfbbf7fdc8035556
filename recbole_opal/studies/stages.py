"""Study 2: one stage against two, and when the soft stage hands over."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from recbole_opal.comparison.row import Row
from recbole_opal.comparison.text_tables import TextTable
from recbole_opal.errors import SettingsError
from recbole_opal.evaluation.direction import title_of
from recbole_opal.report.wording import axis_name, number
from recbole_opal.settings.fields import setting
from recbole_opal.side_by_side.variants import Variant
from recbole_opal.studies.options import Counts
from recbole_opal.studies.outcome import Outcome, Pair
from recbole_opal.studies.pictures.intervals import interval_picture
from recbole_opal.studies.pictures.lines import lines_over_steps
from recbole_opal.studies.relabelling import relabelled
from recbole_opal.studies.saying import effects_told
from recbole_opal.studies.study import Figure, Part, Study, StudyOptions
from recbole_opal.studies.tables import difference_table, values_table

__all__ = ["Stages"]

_WITHOUT_SCHEDULE = 2000
"""Steps that the percents are of where no schedule says how many there are."""
_WHOLE, _SOFT, _HARD = "switch at convergence", "soft only", "hard only"
_METRICS = ("recall", "ndcg", "coverage", "category_diversity")


class StagesOptions(StudyOptions):
    """The flags of `stages`."""

    switch: Counts = setting(
        [10, 30, 70, 90], "percent of all steps after which the soft stage hands over, below 100"
    )
    steps: int | None = setting(
        None,
        "steps of both stages together; None: twice schedule_steps where the rate falls, otherwise "
        "each stage ends by itself",
        ge=10,
        le=2**30,
        examples=[2000],
    )


class Stages(Study):
    """Soft only, hard only, and both with early and late switches, all with the same steps."""

    name = "stages"
    title = "One stage or two, and when to switch"
    question = (
        "Does training in two stages find more than either stage alone, and when should the soft "
        "stage hand over to the hard one?"
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
        return [Part(list(_ways(options, _total(options, settings)).values()))]

    def readings(self, outcome: Outcome) -> list[str]:
        """Two stages against one, each switch against the one at convergence, the best way."""
        view = _view(outcome)
        metrics = view.at_length("recall", "ndcg", "category_diversity")
        said = [_best_told(view)]
        for pair in _pairs(view):
            same = _name(pair.row) == _name(pair.reference)
            what = "hard stage" if same else pair.row.label
            other = "soft one it started from" if same else pair.reference.label
            told = effects_told(pair.differences, metrics)
            said.append(f"{what[0].upper()}{what[1:]} against {other}: {told}.")
        return said

    def figures(self, outcome: Outcome) -> list[Figure]:
        """Accuracy and diversity over the switch points, and the differences."""
        view, found = _view(outcome), []
        steps, names = zip(*_points(view), strict=True)
        level = {_SOFT: "soft", _HARD: "hard"}
        series = {"after the hard stage": [_row(view, name, "hard") for name in names]}
        series["at the switch (soft)"] = [_row(view, name, "soft") for name in names]
        series |= {name: [_row(view, name, stage)] * len(names) for name, stage in level.items()}
        for metric in dict.fromkeys([view.metric, *view.at_length("category_diversity")]):
            titles = ("Percent of the steps before the switch", axis_name(metric))
            title = f"{title_of(metric)} against the switch point"
            svg = lines_over_steps(
                f"stages-{metric.partition('@')[0].replace('_', '-')}",
                title,
                series,
                steps,
                titles,
                lambda row, metric=metric: row.test.get(metric),  # type: ignore[misc]
                dashed=tuple(level),
            )
            found.append(Figure(metric.partition("@")[0].replace("_", "-"), svg, _caption(title)))
        pairs, metrics = _pairs(view), view.at_length("recall", "ndcg", "category_diversity")
        if pairs:
            svg = interval_picture("stages", "Ways through the stages", pairs, metrics)
            caption = (
                "Each row less the way it is compared with (table below); bars are 95 % intervals "
                "over users, hollow marks are differences that cannot be told from 0."
            )
            found.append(Figure("differences", svg, caption))
        return found

    def tables(self, outcome: Outcome) -> list[TextTable]:
        """All metrics with what they cost, and what can be tested of them."""
        view = _view(outcome)
        metrics = view.at_length(*_METRICS)
        extras = ("cosine", "epochs", "seconds", "cut_short")
        return [values_table(view, metrics, extras), difference_table(_pairs(view), metrics)]


def _total(options: Any, settings: Mapping[str, Any]) -> int | None:
    """Return the steps of both stages together; None where each ends by itself."""
    from recbole_opal.host.yaml_settings import default_settings

    if options.steps is not None:
        return int(options.steps)
    values = default_settings("OPAL") | settings
    steps = values["schedule_steps"]
    falls = values["learning_rate_schedule"] != "constant"
    # What is no number is refused with the rows.
    return 2 * steps if falls and isinstance(steps, int) and steps > 0 else None


def _ways(options: Any, total: int | None) -> dict[str, Variant]:
    """Return the rows by their names: all of `total` steps, or with stages that end themselves."""

    def way(stages: Sequence[str] = (), **steps: int) -> Variant:
        own: dict[str, Any] = {"stages": list(stages)} if stages else {}
        return Variant("OPAL", own | ({"stage_steps": steps} if steps else {}))

    if total is None:
        ways = {_WHOLE: way(), _SOFT: way(["soft"]), _HARD: way(["hard"])}
        points = {p: way(soft=_share(p, _WITHOUT_SCHEDULE)) for p in options.switch}
    else:
        half = total // 2
        own = options.steps is not None
        whole = way(soft=half, hard=total - half) if own else way()
        ways = {_WHOLE: whole, _SOFT: way(["soft"], soft=total), _HARD: way(["hard"], hard=total)}
        shares = {p: _share(p, total) for p in options.switch}
        points = {p: way(soft=n, hard=total - n) for p, n in shares.items()}
    named = {f"switch at {p} %": variant for p, variant in points.items()}
    # Of two ways that are the same the first name counts: no run is compared with itself.
    return {n: v for n, v in (ways | named).items() if n in ways or v not in ways.values()}


def _share(percent: int, steps: int) -> int:
    return max(1, round(percent * steps / 100))


def _view(outcome: Outcome) -> Outcome:
    """Return the outcome with its rows under the names of the ways."""
    known = {row.label.removesuffix(f" {row.stage}"): row for row in outcome.main.rows}
    names = {}
    for row in known.values():
        names[_told(row, outcome.options)] = Variant(row.model, row.settings_typed)
    return relabelled(outcome, names)

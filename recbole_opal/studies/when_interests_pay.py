"""Study 6: for whom, in how many dimensions and on how long lists several interests pay."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from recbole_opal.comparison.row import Row
from recbole_opal.comparison.text_tables import TextTable
from recbole_opal.errors import SettingsError
from recbole_opal.evaluation.direction import title_of
from recbole_opal.settings.fields import setting
from recbole_opal.side_by_side.variants import Variant
from recbole_opal.studies.gains import Gains
from recbole_opal.studies.gains_told import readings_of
from recbole_opal.studies.options import Counts
from recbole_opal.studies.outcome import Outcome, Pair
from recbole_opal.studies.pictures.difference_lines import difference_lines
from recbole_opal.studies.pictures.intervals import interval_picture
from recbole_opal.studies.pictures.lines import metric_figure
from recbole_opal.studies.relabelling import relabelled
from recbole_opal.studies.study import Figure, Part, Study, StudyOptions
from recbole_opal.studies.tables import difference_table, values_table

__all__ = ["WhenInterestsPay"]

_USUAL_WIDTH = 64


class WhenInterestsPayOptions(StudyOptions):
    """The flags of `when-interests-pay`."""

    widths: Counts = setting([8, 16, 32, 64, 128], "dimensions D of the vectors")
    interests: int = setting(4, "number K of interests that is set against one", ge=2, le=64)


class WhenInterestsPay(Study):
    """K interests less one, at every width; by groups of users and by list length at one width."""

    name = "when-interests-pay"
    title = "When several interests pay"
    question = (
        "For which users, in how many dimensions and on how long lists do several interests find "
        "more than one?"
    )
    asked_by = "a reader who has seen that one vector is often as good"
    varied = {"hidden_size": "widths", "num_interests": "interests"}
    defaults = {"topk": [10, 20, 50, 100, 200, 500]}
    Options = WhenInterestsPayOptions
    _last: tuple[Outcome, list[Gains]] | None = None

    def parts(self, options: Any, seeds: Sequence[int], settings: Mapping[str, Any]) -> list[Part]:
        """One interest and K at each width."""
        if options.interests > options.widths[0]:
            raise SettingsError(
                f"--interests={options.interests} is more than the {options.widths[0]} dimensions "
                f"of --widths: no more than {options.widths[0]} directions are orthogonal; write "
                f"--widths={options.interests} or more."
            )
        return [Part(list(_variants(options).values()))]

    def readings(self, outcome: Outcome) -> list[str]:
        """Where several interests pay; then groups of users, widths and list lengths in turn."""
        said = [line for gains in self._gains(outcome) for line in readings_of(gains)]
        return list(dict.fromkeys(said))  # what is of the users alone is said once

    def figures(self, outcome: Outcome) -> list[Figure]:
        """The gain of groups of users, accuracy over D, the gain over D and over list length."""
        known = self._gains(outcome)
        found = [_by_group(gains, outcome) for gains in known if gains.groups]
        found.append(_accuracy(outcome))
        if not known:
            return found
        less = f"K = {outcome.options.interests} less K = 1"
        lines = {gains.name: [gains.by_width.get(d) for d in gains.widths] for gains in known}
        steps = [str(width) for width in known[0].widths]
        title = f"Gain in {title_of(known[0].metric)} over D"
        svg = difference_lines(title, lines, steps, ("dimensions D", less))
        found.append(Figure("gain-by-width", svg, f"{title}: {less}. {_BARS}"))
        lengths = list(known[0].by_length)
        lines = {gains.name: [gains.by_length.get(k) for k in lengths] for gains in known}
        title = f"Gain in {known[0].base} over the length of the list, at D = {known[0].width}"
        svg = difference_lines(
            title, lines, [str(k) for k in lengths], ("length of the list", less)
        )
        return [*found, Figure("gain-by-length", svg, f"{title}: {less}. {_BARS}")]

    def tables(self, outcome: Outcome) -> list[TextTable]:
        """All rows, the gain at each width, and that of the groups and list lengths."""
        view = relabelled(outcome, _variants(outcome.options))
        metrics = view.at_length("recall", "ndcg", "category_diversity")
        found = [values_table(view, metrics, ("cosine", "entropy", "seconds", "cut_short"))]
        known = self._gains(outcome)
        pairs = [pair for gains in known for pair in gains.width_pairs]
        if pairs:
            found.append(difference_table(pairs, metrics, title="K less one, at each width"))
        for gains in known:
            where = f"D = {gains.width} {gains.stage}".strip()
            groups, title = _group_pairs(gains), f"Groups of users, {where}"
            if groups:
                found.append(difference_table(groups, gains.metrics, title=title))
            told = {f"{gains.base}@{k}": each for k, each in gains.by_length.items()}
            pair, title = Pair(gains.row, gains.reference, told), f"Lengths of the list, {where}"
            found.append(difference_table([pair], list(told), title=title))
        return found

    def _gains(self, outcome: Outcome) -> list[Gains]:
        """Return the gains of each stage; the last outcome's are kept, for they take long."""
        if self._last is None or self._last[0] is not outcome:
            self._last = (outcome, _all_gains(outcome))
        return self._last[1]


_BARS = "Bars: 95 % intervals over users, paired."


def _variants(options: Any) -> dict[str, Variant]:
    return {
        _label(k, width): Variant("OPAL", {"num_interests": k, "hidden_size": width})
        for width in options.widths
        for k in (1, options.interests)
    }


def _label(interests: int, width: int) -> str:
    return f"K={interests} D={width}"


def _row(view: Outcome, interests: int, width: int, stage: str) -> Row | None:
    label = f"{_label(interests, width)} {stage}".strip()
    names = (label, _label(interests, width))
    return next((r for r in view.rows() if r.label in names and r.stage == stage), None)


def _all_gains(outcome: Outcome) -> list[Gains]:
    """Return the gains of each stage whose two rows at the usual width are there."""
    view = relabelled(outcome, _variants(outcome.options))
    widths, most = outcome.options.widths, outcome.options.interests
    usual = _USUAL_WIDTH if _USUAL_WIDTH in widths else widths[-1]
    found = []
    for stage in view.stages:
        rows = {
            width: (row, reference)
            for width in widths
            if (row := _row(view, most, width, stage)) is not None
            and (reference := _row(view, 1, width, stage)) is not None
        }
        if usual in rows:
            found.append(Gains.of(view, stage, rows, usual))
    return found


def _group_pairs(gains: Gains) -> list[Pair]:
    """Return a pair a group, whose row has the group's name."""
    return [
        Pair(gains.row.model_copy(update={"label": name}), gains.reference, told)
        for name, told in gains.by_group()
    ]


def _by_group(gains: Gains, outcome: Outcome) -> Figure:
    name = f"groups-{gains.stage}" if gains.stage else "groups"
    title = f"K = {outcome.options.interests} less K = 1 at D = {gains.width} {gains.stage}".strip()
    svg = interval_picture(name, title, _group_pairs(gains), gains.metrics)
    caption = (
        f"{title}, by groups of users. {_BARS} Hollow marks are differences that cannot be told "
        "from 0."
    )
    return Figure(name, svg, caption)


def _accuracy(outcome: Outcome) -> Figure:
    """Return the metric that decides over D, a line a stage and number of interests."""
    view, options = relabelled(outcome, _variants(outcome.options)), outcome.options
    series = {
        f"K = {k} {stage}".strip(): [_row(view, k, width, stage) for width in options.widths]
        for stage in view.stages
        for k in (1, options.interests)
    }
    dashed = [name for place, name in enumerate(series) if place % 2 == 0]
    steps = [str(width) for width in options.widths]
    drawn = metric_figure(view.metric, series, steps, "dimensions D", dashed, name="widths")
    told = "dashed with one interest. Bars: standard deviations over seeds."
    return replace(drawn, caption=f"{title_of(view.metric)} on the test part over D, {told}")

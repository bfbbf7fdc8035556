"""What K interests gain over one in a stage: for groups of users, by width, by list length."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from recbole_opal.comparison.differences import tested_together
from recbole_opal.comparison.row import Difference, Row
from recbole_opal.errors import CheckpointError
from recbole_opal.studies.grouped_differences import (
    GroupedDifferences,
    grouped_differences,
    users_gaps,
)
from recbole_opal.studies.outcome import Outcome, Pair
from recbole_opal.studies.user_groups import UserTraits, groupings, traits_of

__all__ = ["Gains"]


@dataclass(frozen=True)
class Gains:
    """Several interests less one in a stage; every difference is paired over users.

    Attributes:
        stage: of both rows, "" where there is one alone.
        row, reference: several interests and one, at the usual `width`.
        metrics: that groups are told in, the deciding one first.
        groups: a grouping each.
        traits: of the users; None where no run tells them, as `problem` says.
        width_pairs: the rows of each width, tested together.
        narrow_less_wide: the gain at the smallest width less that at the largest; None of one.
        by_length: list length to the gain in `base`, in ascending order, tested together.
    """

    stage: str
    row: Row
    reference: Row
    width: int
    metrics: Sequence[str]
    groups: Sequence[GroupedDifferences]
    traits: UserTraits | None
    problem: str
    widths: Sequence[int]
    width_pairs: Sequence[Pair]
    narrow_less_wide: Difference | None
    by_length: Mapping[int, Difference]

    @classmethod
    def of(
        cls, view: Outcome, stage: str, rows: Mapping[int, tuple[Row, Row]], usual: int
    ) -> Gains:
        """Measure the gains of (several, one) by width; groups and lengths at the `usual` one."""
        row, reference = rows[usual]
        metric = view.metric
        metrics = list(dict.fromkeys([metric, *view.at_length("ndcg")]))
        users = view.main.user_values(row).users
        traits, groups, problem = None, list[GroupedDifferences](), ""
        try:
            traits = traits_of(view.main, row)
        except CheckpointError as error:
            problem = str(error)
        else:
            asked = groupings(traits)
            groups = grouped_differences(view.main, row, reference, traits, asked, metrics)
        return cls(
            stage,
            row,
            reference,
            usual,
            metrics,
            groups,
            traits,
            problem,
            list(rows),
            view.pairs(list(rows.values())),
            _narrow_less_wide(view, rows, users),
            _by_length(view, row, reference, users),
        )

    @property
    def metric(self) -> str:
        """The metric that decides."""
        return self.metrics[0]

    @property
    def base(self) -> str:
        """That metric without its length, as `recall`."""
        return self.metric.partition("@")[0]

    @property
    def name(self) -> str:
        """The stage, as a line is called."""
        return self.stage or "trained"

    @property
    def overall(self) -> Difference:
        """The gain of all users at the usual width."""
        return self.by_width[self.width]

    @property
    def by_width(self) -> dict[int, Difference]:
        """The gain in the deciding metric at each width."""
        told = zip(self.widths, self.width_pairs, strict=True)
        return {w: p.differences[self.metric] for w, p in told if self.metric in p.differences}

    def by_group(self) -> list[tuple[str, dict[str, Difference]]]:
        """Return each group's name, with its range and size, and its differences."""
        return [
            (f"{found.grouping.name} {label} ({size:,} users)", differences)
            for found in self.groups
            for label, size, differences in zip(
                found.grouping.labels, found.sizes, found.differences, strict=True
            )
        ]


def _narrow_less_wide(
    view: Outcome, rows: Mapping[int, tuple[Row, Row]], users: Sequence[str]
) -> Difference | None:
    if len(rows) < 2:
        return None
    narrow, wide = (
        users_gaps(view.main, *rows[w], users, view.metric) for w in (min(rows), max(rows))
    )
    if np.isfinite(narrow - wide).sum() < 2:
        return None
    return tested_together({"": narrow}, {"": wide})[""]


def _by_length(
    view: Outcome, row: Row, reference: Row, users: Sequence[str]
) -> dict[int, Difference]:
    base = view.metric.partition("@")[0]
    lengths = sorted(
        int(name.partition("@")[2]) for name in row.test if name.startswith(f"{base}@")
    )
    gaps = {k: users_gaps(view.main, row, reference, users, f"{base}@{k}") for k in lengths}
    gaps = {k: values for k, values in gaps.items() if np.isfinite(values).sum() > 1}
    return tested_together(gaps, {k: np.zeros_like(values) for k, values in gaps.items()})

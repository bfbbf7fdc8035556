"""Rows under the names that a study's sentences and pictures have for them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from recbole_opal.comparison.result import ComparisonResult
from recbole_opal.side_by_side.variants import Variant
from recbole_opal.studies.outcome import Outcome, label_of

__all__ = ["relabelled"]


def relabelled(outcome: Outcome, names: Mapping[str, Variant]) -> Outcome:
    """Return the outcome with other labels, by the new name the variant; the stage stays behind it.

    Rows of other variants keep theirs.
    """
    new = {variant.label: name for name, variant in names.items()}
    return replace(outcome, results={k: _renamed(v, new) for k, v in outcome.results.items()})


def _renamed(result: ComparisonResult, names: Mapping[str, str]) -> ComparisonResult:
    rows, users = [], {}
    for row in result.rows:
        label = label_of(row)
        behind = row.label.removeprefix(label)
        rows.append(row.model_copy(update={"label": names.get(label, label) + behind}))
        if row.label in result.users:  # read before
            users[rows[-1].label] = result.users[row.label]
    return result.model_copy(update={"rows": rows, "users": users})

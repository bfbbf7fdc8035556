"""Differences in words: what the interval allows to say, and no more."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from recbole_opal.comparison.row import Difference
from recbole_opal.evaluation.direction import sign_of, title_of
from recbole_opal.report.wording import interval, listed, signed

__all__ = ["difference_told", "effects_told", "verdict"]


def verdict(difference: Difference, metric: str) -> int:
    """Return 1 where a row is better than its reference, -1 where worse, 0 where none can tell.

    Only an interval on one side of 0 whose p survives Holm's correction counts.
    """
    if not difference.marked:
        return 0
    return sign_of(metric) * (1 if difference.difference > 0 else -1)


def difference_told(difference: Difference, metric: str) -> str:
    """Return `Recall@50 falls by 0.0123 [−0.0200, −0.0040]`, or that it cannot be told."""
    between = interval(difference.low, difference.high)
    title = title_of(metric)
    if not difference.marked:
        return f"{title} does not change measurably ({signed(difference.difference)} {between})"
    verb = "rises" if difference.difference > 0 else "falls"
    better = "better" if verdict(difference, metric) > 0 else "worse"
    return f"{title} {verb} by {abs(difference.difference):.4f} {between}, which is {better}"


def effects_told(differences: Mapping[str, Difference], metrics: Sequence[str]) -> str:
    """Return the effects on several metrics as one clause; those without users are left out.

    What changes measurably comes first; of the rest the first tells its interval, for all
    stand in the table.
    """
    known = [name for name in metrics if name in differences]
    told = [difference_told(differences[name], name) for name in known if differences[name].marked]
    rest = [name for name in known if not differences[name].marked]
    if rest:
        first, *others = rest
        ends = interval(differences[first].low, differences[first].high)
        quiet = [f"{title_of(first)} ({signed(differences[first].difference)} {ends})"]
        quiet += map(title_of, others)
        told.append(f"no measurable change of {listed(quiet, len(quiet) + 1)}")
    return "; ".join(told)

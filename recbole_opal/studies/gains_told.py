"""Where several interests pay, in words that follow from the numbers."""

from __future__ import annotations

import numpy as np

from recbole_opal.comparison.row import Difference
from recbole_opal.evaluation.direction import title_of
from recbole_opal.report.wording import interval, listed, relative, signed
from recbole_opal.studies.gains import Gains
from recbole_opal.studies.grouped_differences import GroupedDifferences
from recbole_opal.studies.saying import verdict

__all__ = ["readings_of"]


def readings_of(gains: Gains) -> list[str]:
    """Return the sentences on a stage: all users, groups, widths, list lengths."""
    where = f" ({gains.stage})" if gains.stage else ""
    said = [_overall(gains, where), *(_group(gains, each, where) for each in gains.groups)]
    if gains.problem:
        said.append(f"Users cannot be told apart{where}: {gains.problem}")
    correlation = _rank_correlation(gains)
    if correlation is not None:
        said.append(
            f"Breadth and length of histories go together: rank correlation "
            f"{correlation:.2f}, so that thirds by breadth are in part thirds by length."
            if abs(correlation) >= 0.3
            else f"Breadth and length of histories are different things: rank correlation "
            f"{correlation:.2f}."
        )
    said += _widths(gains, where)
    if len(gains.by_length) > 1:
        said.append(_lengths(gains, where))
    return said


def _ends(each: Difference) -> str:
    return f"{signed(each.difference)} {interval(each.low, each.high)}"


def _judged(each: Difference, metric: str) -> str:
    word = {1: "pay", 0: "can neither be said to pay nor to cost", -1: "cost"}
    return word[verdict(each, metric)]


def _overall(gains: Gains, where: str) -> str:
    each, metric = gains.overall, gains.metric
    base = gains.reference.test[metric].mean
    return (
        f"Over all users{where}, at D = {gains.width}, {gains.row.interests} interests "
        f"{_judged(each, metric)}: {title_of(metric)} {_ends(each)}, "
        f"{relative(base + each.difference, base)} of one interest's."
    )


def _group(gains: Gains, found: GroupedDifferences, where: str) -> str:
    metric = gains.metric
    told = [
        f"{label}: {_ends(each[metric])}{' *' if each[metric].marked else ''}"
        for label, each in zip(found.grouping.labels, found.differences, strict=True)
        if metric in each
    ]
    line = f"By {found.grouping.title}{where}: {'; '.join(told)}."
    apart = found.contrast
    if apart is None:
        return line
    direction = {1: "more", -1: "less"}.get(verdict(apart, metric))
    if direction is None:
        return f"{line} The highest and the lowest group cannot be told apart ({_ends(apart)})."
    return f"{line} The highest group gains {direction} than the lowest, by {_ends(apart)}."


def _rank_correlation(gains: Gains) -> float | None:
    from scipy.stats import spearmanr

    if gains.traits is None:
        return None
    known = np.isfinite(gains.traits.entropy)
    entropy, lengths = gains.traits.entropy[known], gains.traits.lengths[known]
    if len(entropy) < 3 or np.ptp(entropy) == 0 or np.ptp(lengths) == 0:
        return None
    return float(spearmanr(entropy, lengths).statistic)


def _widths(gains: Gains, where: str) -> list[str]:
    if len(gains.by_width) < 2:
        return []
    metric = gains.metric
    told = [f"D = {d}: {_ends(e)}{' *' if e.marked else ''}" for d, e in gains.by_width.items()]
    line = f"By width{where}: {'; '.join(told)}."
    apart = gains.narrow_less_wide
    if apart is None:
        return [line]
    narrow, wide = min(gains.by_width), max(gains.by_width)
    direction = {1: "more", -1: "less"}.get(verdict(apart, metric))
    if direction is None:
        said = f"that at D = {narrow} and that at D = {wide} cannot be told apart ({_ends(apart)})"
    else:
        said = f"at D = {narrow} it is {direction} than at D = {wide}, by {_ends(apart)}"
    return [f"{line} Of the gain, {said}."]


def _lengths(gains: Gains, where: str) -> str:
    groups: dict[int, list[str]] = {1: [], 0: [], -1: []}
    for k, each in gains.by_length.items():
        groups[verdict(each, f"{gains.base}@{k}")].append(f"{k} ({_ends(each)})")
    words = {1: "they pay at", -1: "they cost at", 0: "nothing can be told at"}
    told = [f"{words[key]} {listed(names, len(names))}" for key, names in groups.items() if names]
    return f"By length of the list{where}, at D = {gains.width}: {'; '.join(told)}."

"""Metrics of what is listed, whoever wanted it: how much, how popular, how diverse.

Fills (id 0, where fewer than k items were left) count nowhere, nor in the length of a list. The
first five are RecBole's; the others are measured on the test part of every run.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from recbole_opal.evaluation.diversity import category_diversity
from recbole_opal.evaluation.judged import Judged
from recbole_opal.evaluation.metric import FloatArray, Metric
from recbole_opal.statistics import gini

__all__ = [
    "AveragePopularity",
    "CategoryDiversity",
    "Coverage",
    "Gini",
    "GiniIndex",
    "IntraListSimilarity",
    "ItemCoverage",
    "ShannonEntropy",
    "TailPercentage",
]

_USUAL_TAIL = 0.1


class ItemCoverage(Metric):
    """Share of the items that stand in someone's list; as in RecBole the padding is one of them.

    So full coverage is `(N - 1) / N`; `coverage@k` is of the real items.
    """

    per_user = False

    def values(self, judged: Judged, k: int) -> float:
        """Return the share in [0, 1]."""
        return float(np.count_nonzero(judged.listed(k)) / judged.training.num_items)


class ShannonEntropy(Metric):
    """Entropy of the listed items in nats, in [0, log N]; 0 if all are fills.

    RecBole documents this sum and divides it by the number of distinct listed items.
    """

    per_user = False

    def values(self, judged: Judged, k: int) -> float:
        """Return the entropy."""
        counts = judged.listed(k)
        shares = counts[counts > 0] / max(counts.sum(), 1)
        return float(-(shares * np.log(shares)).sum()) + 0.0


class GiniIndex(Metric):
    """Inequality of how often items are listed, with the padding as RecBole has it; see `Gini`."""

    per_user, bigger_is_better = False, False

    def values(self, judged: Judged, k: int) -> float:
        """Return the index."""
        return gini(judged.listed(k))


class AveragePopularity(Metric):
    """Mean over the lists of the mean training count of their items."""

    per_user, bigger_is_better = False, False

    def values(self, judged: Judged, k: int) -> float:
        """Return the mean."""
        return _mean_of_lists(judged.training.counts, judged.items[:, :k])


class TailPercentage(Metric):
    """Mean share of long-tail items in the lists.

    The setting `tail_ratio` says what the tail is: in (0, 1] the share of the items that are in it,
    the rarest first; above 1 the most training interactions that its items have.
    """

    per_user = False

    def values(self, judged: Judged, k: int) -> float:
        """Return the share in [0, 1]; as in RecBole, an item that nobody met is no tail item."""
        counts = judged.training.counts
        ratio = _USUAL_TAIL
        if "tail_ratio" in judged.settings and (judged.settings["tail_ratio"] or 0) > 0:
            ratio = judged.settings["tail_ratio"]
        met = np.flatnonzero(counts)
        if ratio > 1:
            tail = met[counts[met] <= ratio]
        else:
            rarest = met[np.argsort(counts[met], kind="stable")]
            tail = rarest[: max(int(len(met) * ratio), 1)]
        in_tail = np.zeros(judged.training.num_items)
        in_tail[tail] = 1
        return _mean_of_lists(in_tail, judged.items[:, :k])


class Coverage(Metric):
    """Share of the items that stand in someone's list."""

    per_user, diversity, every_run = False, True, True

    def values(self, judged: Judged, k: int) -> float:
        """Return the share in [0, 1]."""
        return float(np.count_nonzero(judged.listed(k)) / (judged.training.num_items - 1))


class Gini(Metric):
    """Inequality of how often items are listed: 0 all equally often, near 1 one has all places."""

    per_user, diversity, every_run, bigger_is_better = False, True, True, False

    def values(self, judged: Judged, k: int) -> float:
        """Return the index in [0, 1)."""
        return gini(judged.listed(k)[1:])


class CategoryDiversity(Metric):
    """Share of a list's pairs of items that are of different categories."""

    name, title, short = "category_diversity", "Category diversity", "Cat. div."
    diversity, every_run = True, True

    def at_each(self, judged: Judged, topk: Sequence[int]) -> dict[str, FloatArray]:
        """Return each user's values, nothing where the categories are not known."""
        categories = judged.training.categories
        return {} if categories is None else category_diversity(judged.items, categories, topk)


class IntraListSimilarity(Metric):
    """Mean cosine of a list's pairs of items by who met them in training."""

    name, title, short = "intra_list_similarity", "Intra-list similarity", "List sim."
    diversity, every_run, bigger_is_better = True, True, False

    def at_each(self, judged: Judged, topk: Sequence[int]) -> dict[str, FloatArray]:
        """Return each user's values, nothing where the training users are not held in memory."""
        similarity = judged.training.similarity
        return {} if similarity is None else similarity.of_lists(judged.items, topk)


def _mean_of_lists(of_items: npt.NDArray[np.generic], items: npt.NDArray[np.int32]) -> float:
    """Return the mean over lists of the mean of their items' values; a list of fills has 0."""
    sums = np.where(items > 0, of_items[items], 0).sum(axis=1)
    return float((sums / np.maximum((items > 0).sum(axis=1), 1)).mean())

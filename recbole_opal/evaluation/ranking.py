"""Metrics of where the targets stand in a user's list, under RecBole's names, as textbooks have it.

MAP divides by `min(k, targets)`. GAUC weighs each user's AUC by the number of targets; equal
scores count half; users of whom every item is a target or left out have none.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np

from recbole_opal.evaluation.judged import Hits, IntArray, Judged
from recbole_opal.evaluation.metric import FloatArray, Metric

__all__ = [
    "GAUC",
    "MAP",
    "MRR",
    "NDCG",
    "ColdRecall",
    "Hit",
    "Precision",
    "Recall",
    "WarmRecall",
]


class _OfHits(Metric, ABC):
    """A metric of hits, whose values at all cut-offs are the columns of one table."""

    def at_each(self, judged: Judged, topk: Sequence[int]) -> dict[str, FloatArray]:
        """Return each user's values."""
        table = self._table(judged.hits[:, : max(topk)], judged.num_targets[:, None])
        return {f"{self.name}@{k}": table[:, k - 1].astype(np.float64) for k in topk}

    @abstractmethod
    def _table(self, hits: Hits, targets: IntArray) -> Any:
        """Return (E, k) values at each cut-off from (E, k) hits and (E, 1) numbers of targets."""


class Recall(_OfHits):
    """Share of the targets that are listed."""

    def _table(self, hits: Hits, targets: IntArray) -> Any:
        return hits.cumsum(axis=1) / targets


class ColdRecall(Metric):
    """Share of a user's cold targets that are listed: of items that training has not met.

    Users without one have no value.
    """

    title, short = "Recall of cold items", "Cold recall"
    cold: ClassVar[bool] = True

    def at_each(self, judged: Judged, topk: Sequence[int]) -> dict[str, FloatArray]:
        """Return each user's values, NaN without such a target."""
        cold = np.zeros_like(judged.num_targets) if judged.num_cold is None else judged.num_cold
        targets = cold if self.cold else judged.num_targets - cold  # (E,)
        of_kind = (judged.training.counts[judged.items] == 0) == self.cold  # (E, k)
        found = (judged.hits & of_kind).cumsum(axis=1)
        recalls = np.where(targets[:, None] > 0, found / np.maximum(targets, 1)[:, None], np.nan)
        return {f"{self.name}@{k}": recalls[:, k - 1] for k in topk}


class WarmRecall(ColdRecall):
    """Share of a user's other targets that are listed: of items that training has met.

    Users without one have no value.
    """

    title, short = "Recall of warm items", "Warm recall"
    cold = False


class Hit(_OfHits):
    """Whether any target is listed."""

    def _table(self, hits: Hits, targets: IntArray) -> Any:
        return np.logical_or.accumulate(hits, axis=1)


class NDCG(_OfHits):
    """Gain of the hits, discounted by the logarithm of their places, relative to the best list."""

    def _table(self, hits: Hits, targets: IntArray) -> Any:
        gains = 1.0 / np.log2(_places(hits) + 1)
        ideal = gains.cumsum()[np.minimum(_places(hits), targets) - 1]  # (E, k)
        return np.where(hits, gains, 0.0).cumsum(axis=1) / ideal


class MRR(_OfHits):
    """Reciprocal rank of the first hit."""

    def _table(self, hits: Hits, targets: IntArray) -> Any:
        return np.logical_or.accumulate(hits, axis=1) / (hits.argmax(axis=1) + 1)[:, None]


class MAP(_OfHits):
    """Mean over the targets that can be listed of the precision where each is hit."""

    def _table(self, hits: Hits, targets: IntArray) -> Any:
        precisions = hits.cumsum(axis=1) / _places(hits) * hits
        return precisions.cumsum(axis=1) / np.minimum(_places(hits), targets)


class Precision(_OfHits):
    """Share of the list that are targets."""

    def _table(self, hits: Hits, targets: IntArray) -> Any:
        return hits.cumsum(axis=1) / _places(hits)


class GAUC(Metric):
    """Mean of the users' AUC, weighed by their targets; NaN if no user has a non-target."""

    title = "Gauc"
    per_user, at_k, needs_ranks = False, False, True

    def values(self, judged: Judged, k: int) -> float:
        """Return the mean in [0, 1]."""
        if judged.ranks is None:
            return float("nan")
        others = judged.ranks.candidates - judged.num_targets
        kept = others > 0
        targets, others = judged.num_targets[kept], others[kept]
        sums, candidates = judged.ranks.sums[kept], judged.ranks.candidates[kept]
        pairs = (candidates + 1) * targets - targets * (targets + 1) / 2 - sums
        return float((pairs / others).sum() / targets.sum()) if kept.any() else float("nan")


def _places(hits: Hits) -> IntArray:
    """Return (k,) the places of a list, from 1."""
    return np.arange(1, hits.shape[1] + 1)

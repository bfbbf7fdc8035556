"""Metrics of where the targets stand in a user's list, under RecBole's names, as textbooks have it.

MAP divides by `min(k, targets)`. GAUC weighs each user's AUC by the number of targets; equal
scores count half; users of whom every item is a target or left out have none.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from recbole_opal.evaluation.judged import Judged
from recbole_opal.evaluation.metric import FloatArray, Metric

__all__ = ["GAUC", "MAP", "MRR", "NDCG", "Hit", "Precision", "Recall"]

Hits = npt.NDArray[np.bool_]
Counts = npt.NDArray[np.int64]


class _OfHits(Metric):
    """A metric of hits, whose values at all cut-offs are the columns of one table."""

    def at_each(self, judged: Judged, topk: Sequence[int]) -> dict[str, FloatArray]:
        """Return each user's values."""
        table = self.curve(judged.hits[:, : max(topk)], judged.num_targets[:, None])
        return {f"{self.name}@{k}": table[:, k - 1].astype(np.float64) for k in topk}

    def curve(self, hits: Hits, targets: Counts) -> npt.NDArray[Any]:
        """Return (E, k) values at each cut-off from (E, k) hits and (E, 1) numbers of targets."""
        raise NotImplementedError


class Recall(_OfHits):
    """Share of the targets that are listed."""

    def curve(self, hits: Hits, targets: Counts) -> npt.NDArray[Any]:
        """Return the values at each cut-off."""
        return hits.cumsum(axis=1) / targets


class Hit(_OfHits):
    """Whether any target is listed."""

    def curve(self, hits: Hits, targets: Counts) -> npt.NDArray[Any]:
        """Return the values at each cut-off."""
        return np.logical_or.accumulate(hits, axis=1)


class Precision(_OfHits):
    """Share of the list that are targets."""

    def curve(self, hits: Hits, targets: Counts) -> npt.NDArray[Any]:
        """Return the values at each cut-off."""
        return hits.cumsum(axis=1) / _places(hits)


class MRR(_OfHits):
    """Reciprocal rank of the first hit."""

    def curve(self, hits: Hits, targets: Counts) -> npt.NDArray[Any]:
        """Return the values at each cut-off."""
        reached = np.logical_or.accumulate(hits, axis=1)
        return reached / (hits.argmax(axis=1) + 1)[:, None]


class MAP(_OfHits):
    """Mean over the targets that can be listed of the precision where each is hit."""

    title = "MAP"

    def curve(self, hits: Hits, targets: Counts) -> npt.NDArray[Any]:
        """Return the values at each cut-off."""
        places = _places(hits)
        precisions = hits.cumsum(axis=1) / places * hits
        return precisions.cumsum(axis=1) / np.minimum(places, targets)


class NDCG(_OfHits):
    """Gain of the hits, discounted by the logarithm of their places, relative to the best list."""

    def curve(self, hits: Hits, targets: Counts) -> npt.NDArray[Any]:
        """Return the values at each cut-off."""
        places = _places(hits)
        gains = 1.0 / np.log2(places + 1)
        ideal = gains.cumsum()[np.minimum(places, targets) - 1]  # (E, k)
        return np.where(hits, gains, 0.0).cumsum(axis=1) / ideal


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
        if not kept.any():
            return float("nan")
        targets, others = judged.num_targets[kept], others[kept]
        sums, candidates = judged.ranks.sums[kept], judged.ranks.candidates[kept]
        pairs = (candidates + 1) * targets - targets * (targets + 1) / 2 - sums
        return float((pairs / others).sum() / targets.sum())


def _places(hits: Hits) -> Counts:
    """Return (k,) the places of a list, from 1."""
    return np.arange(1, hits.shape[1] + 1)

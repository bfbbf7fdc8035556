"""The lists of a whole evaluation with their hits, and all else that metrics are computed from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from recbole_opal.evaluation.similarity import AudienceSimilarity

__all__ = ["Hits", "IntArray", "InterestRecord", "Judged", "RankRecord", "TrainingFacts"]

IntArray = npt.NDArray[np.int64]
Hits = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class TrainingFacts:
    """What metrics may ask of the training data.

    Attributes:
        num_items: N, the padding among them.
        users: (R,) internal user ids of the training interactions.
        items: (R,) internal item ids of the same interactions.
        categories: (N, T) the categories of each item, 0 = none; None: they are not known.
        counted: (N,) `counts` of a log that is not held in memory, whose `users` and `items` are
            empty; None: it is held.
    """

    num_items: int
    users: IntArray
    items: IntArray
    categories: IntArray | None = None
    counted: IntArray | None = None

    @cached_property
    def counts(self) -> IntArray:
        """(N,) training interactions of each item."""
        if self.counted is not None:
            return self.counted
        return np.bincount(self.items, minlength=self.num_items)

    @cached_property
    def similarity(self) -> AudienceSimilarity | None:
        """How alike items are by who met them in training; None where nobody can tell."""
        if self.counted is not None:
            return None
        from recbole_opal.evaluation.similarity import AudienceSimilarity  # brings scipy

        return AudienceSimilarity(self.users, self.items, self.num_items)


@dataclass(frozen=True)
class InterestRecord:
    """What the interests of a multi-interest model did.

    Attributes:
        winners: (E, k) uint8, the interest that won each listed item, 255 at fills.
        cosines: (E,) float64, mean cosine between two active interests of a user; NaN without two.
        active: (E, K) bool, the interests the user has; the others are copies.
    """

    winners: npt.NDArray[np.uint8]
    cosines: npt.NDArray[np.float64]
    active: npt.NDArray[np.bool_]

    @property
    def count(self) -> int:
        """K."""
        return int(self.active.shape[1])


@dataclass(frozen=True)
class RankRecord:
    """Where the targets stand among all that could be listed.

    Attributes:
        sums: (E,) float64, sum of the average ranks of the user's targets, 1 the best.
        candidates: (E,) int64, items that could be listed.
    """

    sums: npt.NDArray[np.float64]
    candidates: IntArray


@dataclass(frozen=True)
class Judged:
    """The lists of E users.

    Attributes:
        users: (E,) int64 internal user ids.
        items: (E, k) int32 internal item ids, best first, 0 = fill (fewer than k were left).
        hits: (E, k) bool, whether the item is a target of the user.
        num_targets: (E,) int64, at least 1.
        training: what training knew.
        settings: those of the run.
        ranks: None unless a metric `needs_ranks`.
        interests: None for models without interests, or where nobody asked.
        num_cold: (E,) int64, the targets that training has not met; None: not counted.
    """

    users: IntArray
    items: npt.NDArray[np.int32]
    hits: Hits
    num_targets: IntArray
    training: TrainingFacts
    settings: Mapping[str, Any] = field(default_factory=dict)
    ranks: RankRecord | None = None
    interests: InterestRecord | None = None
    num_cold: IntArray | None = None

    @property
    def topk(self) -> Sequence[int]:
        """The cut-offs, each at most the lists' length."""
        cut_offs: Sequence[int] = self.settings["topk"]
        return cut_offs

    def listed(self, k: int) -> IntArray:
        """Return how often each of the N items stands among the first k of a list; no fills."""
        counts = np.bincount(self.items[:, :k].ravel(), minlength=self.training.num_items)
        counts[0] = 0
        return counts

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """Return what is kept on disk: `user_id`, `items` and, if there is one, `interest`."""
        kept: dict[str, npt.NDArray[Any]] = {"user_id": self.users, "items": self.items}
        return kept if self.interests is None else kept | {"interest": self.interests.winners}

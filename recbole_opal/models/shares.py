"""Networks whose interests know how much of a history they stand for."""

from __future__ import annotations

from typing import Any

from torch import Tensor

from recbole_opal.batches import Histories
from recbole_opal.interests.share_prior import with_one, with_share
from recbole_opal.models.base import MultiInterestNetwork

__all__ = ["OwnClusters", "ShareWeighed"]


class ShareWeighed(MultiInterestNetwork):
    """A network whose setting `interest_prior` says how much the log of a share adds to a score.

    A normalised interest forgets how much of the history it stands for. The prior is one more
    dimension of the queries, D' = D + 1, so that searches know nothing of it; it is added after
    the temperature.
    """

    def with_prior(self, interests: Tensor, shares: Tensor) -> Tensor:
        """Return (B, K, D) interests with the prior of their (B, K) shares, if it is asked for."""
        prior = self.settings.interest_prior
        return interests if prior == 0 else with_share(interests, shares, prior * self.temperature)

    def candidates(self, item_vectors: Tensor) -> Tensor:
        """Return item vectors, with a last coordinate of 1 where interests have a prior."""
        return item_vectors if self.settings.interest_prior == 0 else with_one(item_vectors)

    def interest_columns(self, queries: Tensor) -> Tensor:
        """Return the interests, (B, K, D), without their prior."""
        return queries[..., : self.hidden_size]


class OwnClusters(ShareWeighed):
    """A network that finds clusters in each history: a short one has fewer than K.

    What `encode` gives has `active`, (B, K) bool, `assignment`, whose last axis is K, and `shares`,
    (B, K).
    """

    def mixable(self, encoded: Any) -> Tensor:
        """Return which interests label-aware attention may mix, (B, K) bool: no copies."""
        active: Tensor = encoded.active
        return active

    def active_interests(self, histories: Histories) -> Tensor:
        """Return which interests each history has, (B, K) bool: no copies."""
        return self.mixable(self.encode(self.looked_up(histories)))

    def item_interests(self, histories: Histories) -> Tensor:
        """Return the cluster that each item belongs to most, (T,) int64."""
        belonging: Tensor = self.encode(self.looked_up(histories)).assignment
        return belonging.argmax(dim=-1)

    def interest_shares(self, histories: Histories) -> Tensor:
        """Return each cluster's share of the history, (B, K)."""
        shares: Tensor = self.encode(self.looked_up(histories)).shares
        return shares

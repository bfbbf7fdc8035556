"""The items that a network is built for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from recbole_opal.interests.feature_table import FeatureTable
from recbole_opal.interests.item_features import ItemFeatures

__all__ = ["Catalogue"]


@dataclass(frozen=True)
class Catalogue:
    """What a network must know of the items and histories that it is built for."""

    num_items: int  # N, with the padding item 0
    counts: Tensor  # (N,) int64, training interactions of each item
    longest_history: int  # L
    # (N, D) float, where the item vectors start; None: at random
    item_vectors: Tensor | None = None
    features: FeatureTable | None = None  # of the N items; None: vectors of their own alone

    def item_features(self, settings: Any) -> ItemFeatures | None:
        """Return what adds the features of items to their vectors; None where there are none."""
        if self.features is None:
            return None
        return ItemFeatures(
            self.features,
            self.counts,
            settings.hidden_size,
            sparse=settings.item_gradient == "sparse",
            dropout=settings.new_item_share,
        )

    def boosts(self, settings: Any) -> Tensor | None:
        """Return what each item's score is multiplied by, (N,): more for new ones; None: by 1."""
        if self.features is None or settings.new_item_boost == 1:
            return None
        return torch.where(self.counts > 0, 1.0, settings.new_item_boost)

"""The most popular items for everyone."""

from __future__ import annotations

from typing import Any

import torch
from recbole.model import general_recommender
from torch import Tensor

__all__ = ["Pop"]


class Pop(general_recommender.Pop):
    """RecBole's `Pop`, with every training interaction counted.

    RecBole adds 1 to `item_cnt[item]` for a batch, which counts an item once a batch however often
    it occurs there, and with its default settings counts sampled negatives too; its "popularity"
    then depends on the batch size. Here the score of an item is its number of training
    interactions, divided by the largest such number.
    """

    def calculate_loss(self, interaction: Any) -> Tensor:
        """Count the items of a batch of interactions; there is no loss, so it is 0."""
        items = interaction[self.ITEM_ID]
        self.item_cnt.index_add_(0, items, torch.ones_like(items)[:, None])
        self.max_cnt = self.item_cnt.max(dim=0)[0]
        nothing: Tensor = self.fake_loss * 0.0
        return nothing

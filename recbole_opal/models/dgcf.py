"""RecBole's `DGCF` on data sets of any size."""

from __future__ import annotations

from typing import Any

from recbole.model import general_recommender

__all__ = ["DGCF"]


class DGCF(general_recommender.DGCF):
    """RecBole's `DGCF`, which compares its factors on a sample of users and of items.

    RecBole sizes both samples by the larger of the two numbers, and stops with a ValueError where
    the other one is smaller than that: with few interactions, or far more users than items. Here
    a sample is all there are at most.

    Args:
        config: the settings of the run.
        dataset: the training dataset.
    """

    cor_batch_size: int

    def __init__(self, config: Any, dataset: Any) -> None:
        super().__init__(config, dataset)
        self.cor_batch_size = min(self.cor_batch_size, self.n_users, self.n_items)

"""Two of RecBole's models, mended: `Pop` counts every interaction, `ItemKNN` fits into memory."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from recbole.model import general_recommender
from recbole.model.abstract_recommender import GeneralRecommender
from recbole.model.general_recommender.itemknn import ComputeSimilarity
from recbole.utils import InputType, ModelType
from torch import Tensor

__all__ = ["ItemKNN", "Pop"]


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


class ItemKNN(GeneralRecommender):
    """Neighbours of items, or of users, by cosine; scores are multiplied out for whom is asked for.

    Similarities are RecBole's (`ComputeSimilarity`) and so are the scores. RecBole's own class is
    not derived from, since its constructor keeps the scores of all users in lists of Python
    numbers: 7.5 GB and two minutes for the 20,949 users of kuairand-pure, where the two factors
    take 10 MB.
    Repeated interactions count.
    """

    type = ModelType.TRADITIONAL
    input_type = InputType.POINTWISE

    def __init__(self, config: Any, dataset: Any) -> None:
        super().__init__(config, dataset)
        self.method = config["knn_method"]
        self.interaction_matrix = dataset.inter_matrix(form="csr").astype(np.float32)
        similarity = ComputeSimilarity(
            self.interaction_matrix, topk=config["k"], shrink=config["shrink"], method=self.method
        )
        self.w = similarity.compute_similarity()[1].tocsr()
        self.fake_loss = torch.nn.Parameter(torch.zeros(1))  # RecBole's trainers want a parameter

    def calculate_loss(self, interaction: Any) -> Tensor:
        """Return 0: nothing is learnt by gradients."""
        return self.fake_loss * 0.0

    def full_sort_predict(self, interaction: Any) -> Tensor:
        """Return `(B, N)` float32: the summed similarities of each item to the user's items."""
        users = interaction[self.USER_ID].cpu().numpy()
        if self.method == "user":
            scores = self.w[users].dot(self.interaction_matrix)
        else:
            scores = self.interaction_matrix[users].dot(self.w)
        return torch.from_numpy(scores.toarray()).to(self.device)  # (B, N)

    def predict(self, interaction: Any) -> Tensor:
        """Return `(B,)` float32 scores of pairs."""
        items = interaction[self.ITEM_ID].to(self.device)
        return self.full_sort_predict(interaction).gather(1, items[:, None]).squeeze(1)

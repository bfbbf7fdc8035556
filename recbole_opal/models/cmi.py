"""CMI: interests by orthogonal categories, made robust by contrasting two halves of a history.

Beibei Li, Beihong Jin, Jiageng Song, Yisong Yu, Yiyuan Zheng, Wei Zhuo: Improving Micro-video
Recommendation via Contrastive Multiple Interests. SIGIR 2022, arXiv:2205.09593.
"""

from __future__ import annotations

from typing import Any

from torch import Tensor

from recbole_opal.batches import TrainingBatch
from recbole_opal.interests.generalised import AssignedHistories, GeneralisedEncoder
from recbole_opal.interests.views import split_in_halves
from recbole_opal.losses.contrastive import view_contrast
from recbole_opal.losses.regularisers import (
    category_shares,
    orthogonality_loss,
    uniformity_loss,
)
from recbole_opal.models.base import FUTURE_ITEMS, MultiInterestRecommender, TrainingStep

__all__ = ["CMI"]


class CMI(MultiInterestRecommender):
    """Soft interests, each with the user's general interest, trained on two views of a history.

    Both views are rows of the retrieval loss too. Where public codes differ: the authors' code
    shuffles one of the views, draws a target of its own for each view (here both have the row's
    up to W targets) and keeps a target among the negatives; a port in rec_pangu has no views and
    takes neighbouring users for them.

    Args:
        config: the settings of the run, see `properties/model/CMI.yaml`.
        dataset: the training dataset.
    """

    encoder: GeneralisedEncoder

    def __init__(self, config: Any, dataset: Any) -> None:
        super().__init__(config, dataset)
        self.orthogonality_weight: float = config["orthogonality_weight"]
        self.uniformity_weight: float = config["uniformity_weight"]
        self.contrastive_weight: float = config["contrastive_weight"]
        self.encoder = GeneralisedEncoder(
            config["num_interests"], self.hidden_size, temperature=self.temperature
        )
        self.contrast_temperature: float = config["contrastive_temperature"]

    def training_views(self, batch: Any) -> dict[str, Tensor]:
        """Return 2 B rows: one half of each history, then the other halves in the same order."""
        if isinstance(batch, TrainingBatch):
            places, targets = self._padded(batch.histories), batch.targets
        else:
            places, targets = batch[self.ITEM_SEQ], batch[FUTURE_ITEMS]
        return {
            self.ITEM_SEQ: split_in_halves(places),  # (2 B, L')
            FUTURE_ITEMS: targets.repeat(2, 1),  # (2 B, W)
        }

    def queries(self, encoded: AssignedHistories) -> Tensor:
        """Return the interests, (B, K, D), of unit length whatever the items are."""
        return encoded.interests

    def auxiliary_losses(self, step: TrainingStep) -> dict[str, Tensor]:
        """Return orthogonality and uniformity of the categories, and the views' contrast."""
        encoded: AssignedHistories = step.encoded
        one, other = encoded.interests.chunk(2)  # (B, K, D) each
        return {
            "orthogonality": self.orthogonality_weight
            * orthogonality_loss(self.encoder.unit_categories()),
            "uniformity": self.uniformity_weight
            * uniformity_loss(category_shares(encoded.assignment)),
            "contrastive": self.contrastive_weight
            * view_contrast(one, other, self.contrast_temperature),
        }

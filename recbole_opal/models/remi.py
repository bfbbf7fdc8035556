"""REMI: a training scheme for multi-interest models, here on ComiRec-SA's encoder.

Yueqi Xie, Jingqi Gao, Peilin Zhou, Qichen Ye, Yining Hua, Jaeboum Kim, Fangzhao Wu, Sunghun Kim:
Rethinking Multi-Interest Learning for Candidate Matching in Recommender Systems. RecSys 2023,
arXiv:2302.14532.
"""

from __future__ import annotations

from typing import Any

from torch import Tensor

from recbole_opal.interests.history import History
from recbole_opal.interests.self_attention import AttendedHistories, SelfAttentiveInterests
from recbole_opal.losses.routing import routing_variation
from recbole_opal.models.base import TrainingStep
from recbole_opal.models.comirec import ComiRecSA

__all__ = ["REMI"]


class REMI(ComiRecSA):
    """Self-attentive interests, whose attention is kept from falling on single items.

    Its second part, interest-aware hard negatives, is the setting `hardness` of the retrieval
    loss, which all models have; the published recipe turns it on. Where the authors' code
    differs: its routing regularisation is summed over the batch and takes padding into its mean
    (see `routing_variation`); it draws the padding item as a negative, and a target may be its
    own negative.

    Args:
        config: the settings of the run, see `properties/model/REMI.yaml`.
        dataset: the training dataset.
    """

    encoder: SelfAttentiveInterests

    def __init__(self, config: Any, dataset: Any) -> None:
        super().__init__(config, dataset)
        self.routing_regularisation_weight: float = config["routing_regularisation_weight"]

    def encode(self, history: History) -> AttendedHistories:
        """See `SelfAttentiveInterests`."""
        return self.encoder.attend(history)

    def queries(self, encoded: AttendedHistories) -> Tensor:
        """Return the interests, (B, K, D), at unit length where the items are."""
        return super().queries(encoded.interests)

    def auxiliary_losses(self, step: TrainingStep) -> dict[str, Tensor]:
        """Return the routing regularisation."""
        encoded: AttendedHistories = step.encoded
        variation = routing_variation(encoded.attention, encoded.mask)
        return {"routing_regularisation": self.routing_regularisation_weight * variation}

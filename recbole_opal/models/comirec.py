"""ComiRec: interests by self-attention (SA) or by dynamic routing (DR).

Yukuo Cen, Jianwei Zhang, Xu Zou, Chang Zhou, Hongxia Yang, Jie Tang: Controllable
Multi-Interest Framework for Recommendation. KDD 2020, arXiv:2005.09347.
"""

from __future__ import annotations

from typing import Any

from recbole_opal.interests.capsules import PositionCapsules
from recbole_opal.interests.self_attention import SelfAttentiveInterests
from recbole_opal.models.base import MultiInterestRecommender
from recbole_opal.models.capsules import CapsuleRecommender

__all__ = ["ComiRecDR", "ComiRecSA"]


class ComiRecSA(MultiInterestRecommender):
    """Interests by self-attention, with the base's loss instead of the paper's.

    Args:
        config: the settings of the run, see `properties/model/ComiRecSA.yaml`.
        dataset: the training dataset.
    """

    def __init__(self, config: Any, dataset: Any) -> None:
        super().__init__(config, dataset)
        self.encoder = SelfAttentiveInterests(
            config["num_interests"],
            self.hidden_size,
            attention_width=config["attention_size"],
            max_length=self.max_seq_length,
        )


class ComiRecDR(CapsuleRecommender):
    """Interests by dynamic routing, with the base's loss instead of the paper's.

    Settings: `properties/model/ComiRecDR.yaml`.
    """

    capsules = PositionCapsules

"""ComiRec: interests by self-attention (SA) or by dynamic routing (DR).

Yukuo Cen, Jianwei Zhang, Xu Zou, Chang Zhou, Hongxia Yang, Jie Tang: Controllable
Multi-Interest Framework for Recommendation. KDD 2020, arXiv:2005.09347.
"""

from __future__ import annotations

from typing import Any

from recbole_opal.interests.capsules import PositionCapsules
from recbole_opal.interests.self_attention import SelfAttentiveInterests
from recbole_opal.models.base import MultiInterestRecommender
from recbole_opal.models.capsules import routing_rule

__all__ = ["ComiRecDR", "ComiRecSA"]


class ComiRecSA(MultiInterestRecommender):
    """Interests by self-attention.

    By default with OPAL's loss, with `recipe: published` with the paper's: inner products, the
    target's interest for its negatives, sampled softmax. The TensorFlow sampler of the authors'
    code takes ids for popularity ranks; here items are ranked by their training counts. Torch
    ports leave out the sampler (full softmax), or the biases of the attention.

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
            placed_values=config["placed_values"],
        )


class ComiRecDR(MultiInterestRecommender):
    """Interests by dynamic routing with a transform for each position and interest.

    Recipes as for `ComiRecSA`. Public codes differ: torch ports take the softmax of the routing
    over positions, padding included, instead of over interests, and DeepMatch's "dr" is MIND's.

    Args:
        config: the settings of the run, see `properties/model/ComiRecDR.yaml`.
        dataset: the training dataset.
    """

    def __init__(self, config: Any, dataset: Any) -> None:
        super().__init__(config, dataset)
        self.encoder = PositionCapsules(
            config["num_interests"],
            self.hidden_size,
            max_length=self.max_seq_length,
            rule=routing_rule(config),
        )

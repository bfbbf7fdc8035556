"""MIND: interests by behaviour-to-interest dynamic routing.

Chao Li, Zhiyuan Liu, Mengmeng Wu, Yuchi Xu, Huan Zhao, Pipei Huang, Guoliang Kang, Qiwei Chen,
Wei Li, Dik Lun Lee: Multi-Interest Network with Dynamic Routing for Recommendation at Tmall.
CIKM 2019, arXiv:1904.08030.
"""

from __future__ import annotations

from typing import Any

from recbole_opal.interests.capsules import MindCapsules
from recbole_opal.models.base import MultiInterestRecommender

__all__ = ["MIND"]


class MIND(MultiInterestRecommender):
    """Interests by MIND's routing, with the base's loss instead of label-aware attention.

    Args:
        config: the settings of the run, see `properties/model/MIND.yaml`.
        dataset: the training dataset.
    """

    def __init__(self, config: Any, dataset: Any) -> None:
        super().__init__(config, dataset)
        self.encoder = MindCapsules(
            config["num_interests"],
            self.hidden_size,
            max_length=self.max_seq_length,
            iterations=config["routing_iterations"],
        )

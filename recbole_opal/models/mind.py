"""MIND: interests by behaviour-to-interest dynamic routing.

Chao Li, Zhiyuan Liu, Mengmeng Wu, Yuchi Xu, Huan Zhao, Pipei Huang, Guoliang Kang, Qiwei Chen,
Wei Li, Dik Lun Lee: Multi-Interest Network with Dynamic Routing for Recommendation at Tmall.
CIKM 2019, arXiv:1904.08030.
"""

from __future__ import annotations

from recbole_opal.interests.capsules import MindCapsules
from recbole_opal.models.capsules import CapsuleRecommender

__all__ = ["MIND"]


class MIND(CapsuleRecommender):
    """Interests by MIND's routing, with the base's loss instead of label-aware attention.

    Settings: `properties/model/MIND.yaml`.
    """

    capsules = MindCapsules

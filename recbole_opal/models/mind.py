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
    """Interests by MIND's routing: one transform, random starting logits.

    By default with OPAL's loss, with `recipe: published` with label-aware attention and sampled
    softmax. Public codes differ: they draw the starting logits anew at every call, so that
    serving is not deterministic; torch ports take the softmax over positions; ComiRec's MIND
    takes p = 1. The paper's profile features are left out, and so is its number of interests
    that grows with the history.
    Settings: `properties/model/MIND.yaml`.
    """

    capsules = MindCapsules

"""ComiRec: interests by self-attention (SA) or by dynamic routing (DR).

Yukuo Cen, Jianwei Zhang, Xu Zou, Chang Zhou, Hongxia Yang, Jie Tang: Controllable
Multi-Interest Framework for Recommendation. KDD 2020, arXiv:2005.09347.
"""

from __future__ import annotations

from recbole_opal.interests.capsules import PositionCapsules
from recbole_opal.interests.self_attention import SelfAttentiveInterests
from recbole_opal.models.base import MultiInterestNetwork
from recbole_opal.models.catalogue import Catalogue
from recbole_opal.models.recipes import OPALS_TRAINING, comirec_recipe, search_with
from recbole_opal.models.shared_settings import CapsuleSettings, SelfAttentionSettings
from recbole_opal.settings.model_schemas import setting

__all__ = ["ComiRecDRNetwork", "ComiRecDRSettings", "ComiRecSANetwork", "ComiRecSASettings"]

_WHAT = (
    "inner products, the target's interest for its negatives, sampled softmax over the next item."
)


class ComiRecSASettings(SelfAttentionSettings):
    """ComiRec-SA: interests by self-attention (Cen et al., KDD 2020; arXiv 2005.09347)."""

    placed_values: bool = setting(
        False, "True: interests are means of item vectors with positions, as in DeepMatch [A]"
    )


class ComiRecSANetwork(MultiInterestNetwork):
    """Interests by self-attention.

    By default with OPAL's loss, with `recipe: published` with the paper's: inner products, the
    target's interest for its negatives, sampled softmax. The TensorFlow sampler of the authors'
    code takes ids for popularity ranks; here items are ranked by their training counts. Torch
    ports leave out the sampler (full softmax), or the biases of the attention.
    """

    Settings = ComiRecSASettings
    published = comirec_recipe(_WHAT)
    search = search_with()
    shared_defaults = OPALS_TRAINING

    def __init__(self, settings: ComiRecSASettings, catalogue: Catalogue) -> None:
        super().__init__(settings, catalogue)
        self.encoder = SelfAttentiveInterests(
            settings.num_interests,
            self.hidden_size,
            attention_width=settings.attention_size,
            max_length=catalogue.longest_history,
            placed_values=settings.placed_values,
        )


class ComiRecDRSettings(CapsuleSettings):
    """ComiRec-DR (Cen et al., KDD 2020; arXiv 2005.09347).

    Dynamic routing with a transform for each position and interest.
    """


class ComiRecDRNetwork(MultiInterestNetwork):
    """Interests by dynamic routing with a transform for each position and interest.

    Recipes as for `ComiRecSANetwork`. Public codes differ: torch ports take the softmax of the
    routing over positions, padding included, instead of over interests, and DeepMatch's "dr" is
    MIND's.
    """

    Settings = ComiRecDRSettings
    published = comirec_recipe(_WHAT, learning_rate=(0.005, "[A]"))
    search = search_with()
    shared_defaults = OPALS_TRAINING

    def __init__(self, settings: ComiRecDRSettings, catalogue: Catalogue) -> None:
        super().__init__(settings, catalogue)
        self.encoder = PositionCapsules(
            settings.num_interests,
            self.hidden_size,
            max_length=catalogue.longest_history,
            rule=settings.rule,
        )

"""The settings of ComiRecSA and ComiRecDR."""

from recbole_opal.settings.model_schemas import setting
from recbole_opal.settings.models.capsules import CapsuleSettings
from recbole_opal.settings.models.self_attention import SelfAttentionSettings

__all__ = ["ComiRecDRSettings", "ComiRecSASettings"]


class ComiRecSASettings(SelfAttentionSettings):
    """ComiRec-SA: interests by self-attention (Cen et al., KDD 2020; arXiv 2005.09347)."""

    placed_values: bool = setting(
        False, "True: interests are means of item vectors with positions, as in DeepMatch [A]"
    )


class ComiRecDRSettings(CapsuleSettings):
    """ComiRec-DR (Cen et al., KDD 2020; arXiv 2005.09347).

    Dynamic routing with a transform for each position and interest.
    """

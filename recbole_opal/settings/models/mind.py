"""The settings of MIND."""

from recbole_opal.settings.model_schemas import setting
from recbole_opal.settings.models.capsules import CapsuleSettings

__all__ = ["MINDSettings"]


class MINDSettings(CapsuleSettings):
    """MIND (Li et al., CIKM 2019; arXiv 1904.08030).

    Multi-Interest Network with Dynamic Routing.
    """

    dynamic_interests: bool = setting(
        False,
        "True: the paper's floor(log2(history length)) interests, at least 1, at most "
        "num_interests [D]",
    )

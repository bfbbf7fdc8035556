"""The settings of CMI."""

from recbole_opal.settings.fields import Finite
from recbole_opal.settings.model_schemas import LEAST, LOSSES, WeighingSettings, setting, weight

__all__ = ["CMISettings"]


class CMISettings(WeighingSettings):
    """CMI (Li et al., SIGIR 2022; arXiv 2205.09593).

    Improving Micro-video Recommendation via Contrastive Multiple Interests.
    """

    num_interests: int = setting(
        4, "number K of categories and of interests a user [P]", ge=1, le=64
    )
    orthogonality_weight: Finite = weight(10.0, "weight of mean (<o_i, o_j> - delta_ij)^2 [A]")
    uniformity_weight: Finite = weight(1.0, "weight of std / mean of the categories' shares [A]")
    contrastive_weight: Finite = weight(
        0.02,
        "weight of the contrast of two halves of a history; the authors' 0.01 of the sum of both "
        "directions [A]",
    )
    contrastive_temperature: Finite = setting(
        0.1, "divides every cosine in the contrast [A]", under=LOSSES, ge=LEAST, le=10
    )

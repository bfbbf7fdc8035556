"""The settings of REMI."""

from recbole_opal.settings.fields import Finite
from recbole_opal.settings.model_schemas import weight
from recbole_opal.settings.models.self_attention import SelfAttentionSettings

__all__ = ["REMISettings"]


class REMISettings(SelfAttentionSettings):
    """REMI (Xie et al., RecSys 2023; arXiv 2302.14532).

    Hard negatives and routing regularisation on ComiRec-SA.
    """

    routing_regularisation_weight: Finite = weight(
        3.125,
        "lambda of the variation of an interest's attention; 100 * 128 / 64^2: the authors' lambda "
        "of 100 is of a sum over 128 rows, divided by 64^2 [D]",
    )

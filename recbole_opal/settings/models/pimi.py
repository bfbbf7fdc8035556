"""The settings of PIMI."""

from recbole_opal.settings.fields import Finite
from recbole_opal.settings.model_schemas import setting
from recbole_opal.settings.models.self_attention import SelfAttentionSettings

__all__ = ["PIMISettings"]


class PIMISettings(SelfAttentionSettings):
    """PIMI (Chen et al., IJCAI 2021; arXiv 2106.04415).

    Exploring Periodicity and Interactivity in Multi-Interest Framework for Sequential
    Recommendation.
    """

    time_unit_seconds: Finite = setting(
        86400.0, "seconds of one step of a time gap; a day [P]", gt=0
    )
    time_span: int = setting(64, "greatest time gap told apart, in steps [P, A]", ge=1, le=4096)
    graph_layers: int = setting(
        3, "layers of the graph of the history; 0 = no graph [A]", ge=0, le=16
    )

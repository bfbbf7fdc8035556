"""PIMI: interests by self-attention over items that know of time gaps and of each other.

Gaode Chen, Xinghua Zhang, Yanyan Zhao, Cong Xue, Ji Xiang: Exploring Periodicity and
Interactivity in Multi-Interest Framework for Sequential Recommendation. IJCAI 2021,
arXiv:2106.04415.
"""

from __future__ import annotations

from recbole_opal.interests.periodic import PeriodicInterests
from recbole_opal.models.base import MultiInterestNetwork
from recbole_opal.models.catalogue import Catalogue
from recbole_opal.models.recipes import OPALS_TRAINING, comirec_recipe, search_with
from recbole_opal.models.shared_settings import SelfAttentionSettings
from recbole_opal.settings.fields import Finite
from recbole_opal.settings.model_schemas import setting

__all__ = ["PIMINetwork", "PIMISettings"]


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


class PIMINetwork(MultiInterestNetwork):
    """Self-attentive interests over encoded time gaps and a graph of the history.

    Public codes: the authors' has no licence, and only facts of it were used. It differs: four
    attention heads in the graph with an output map and dropout 0.1, no layer norm; the item's own
    input there lacks the time gaps; gaps are differences of days rounded since the user's first,
    while here a difference is rounded down. REMI's repository names PIMI and builds its tables of
    times and neighbours for every sample, but ships no such model. What of the graph is taken
    from Star-Transformer is said in `StarGraph`.
    """

    Settings = PIMISettings
    needs_times = True
    search = search_with()
    shared_defaults = OPALS_TRAINING
    published = comirec_recipe(
        "inner products, the target's interest for its negatives, sampled softmax over the next "
        "item.",
        "Sources: the paper, whose loss is ComiRec's, and its authors' code with its Amazon Books "
        "settings (Taobao: batch 256, length 50).",
        stopping_step=(70, "validations without a gain, as ComiRec's 50 [A]"),
    )

    def __init__(self, settings: PIMISettings, catalogue: Catalogue) -> None:
        super().__init__(settings, catalogue)
        self.encoder = PeriodicInterests(
            settings.num_interests,
            self.hidden_size,
            attention_width=settings.attention_size,
            max_length=catalogue.longest_history,
            time_unit=settings.time_unit_seconds,
            time_span=settings.time_span,
            graph_layers=settings.graph_layers,
        )

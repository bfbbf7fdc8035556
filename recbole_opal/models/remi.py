"""REMI: a training scheme for multi-interest models, here on ComiRec-SA's encoder.

Yueqi Xie, Jingqi Gao, Peilin Zhou, Qichen Ye, Yining Hua, Jaeboum Kim, Fangzhao Wu, Sunghun Kim:
Rethinking Multi-Interest Learning for Candidate Matching in Recommender Systems. RecSys 2023,
arXiv:2302.14532.
"""

from __future__ import annotations

from torch import Tensor

from recbole_opal.interests.history import History
from recbole_opal.interests.self_attention import AttendedHistories, SelfAttentiveInterests
from recbole_opal.losses.regularisers import attention_variation
from recbole_opal.models.base import MultiInterestNetwork, TrainingStep
from recbole_opal.models.catalogue import Catalogue
from recbole_opal.models.recipes import OPALS_TRAINING, comirec_recipe, search_with
from recbole_opal.models.shared_settings import SelfAttentionSettings
from recbole_opal.settings.fields import Finite
from recbole_opal.settings.model_schemas import weight

__all__ = ["REMINetwork", "REMISettings"]


class REMISettings(SelfAttentionSettings):
    """REMI (Xie et al., RecSys 2023; arXiv 2302.14532).

    Hard negatives and routing regularisation on ComiRec-SA.
    """

    routing_regularisation_weight: Finite = weight(
        3.125,
        "lambda of the variation of an interest's attention; 100 * 128 / 64^2: the authors' lambda "
        "of 100 is of a sum over 128 rows, divided by 64^2 [D]",
    )


class REMINetwork(MultiInterestNetwork):
    """Self-attentive interests, whose attention is kept from falling on single items.

    Its second part, interest-aware hard negatives, is the setting `hardness` of the retrieval
    loss, which all models have; the published recipe turns it on. Where the authors' code
    differs: its routing regularisation is summed over the batch and takes padding into its mean
    (see `attention_variation`); it draws the padding item as a negative, and a target may be its
    own negative.
    """

    Settings = REMISettings
    search = search_with(routing_regularisation_weight={"low": 0.1, "high": 30.0, "log": True})
    shared_defaults = OPALS_TRAINING
    published = comirec_recipe(
        "inner products, the target's interest for its negatives, hard negatives by importance "
        "weights.",
        "Sources: the paper, and the authors' public code with its RetailRocket and Amazon Books "
        "settings.",
        negative_sampling=None,
        hardness=(10.0, "beta for Amazon Books; 1 for Gowalla, 0.1 for RetailRocket [A]"),
        num_negatives=(1280, "10 for each of the 128 rows, uniform, shared by the batch [A]"),
        MAX_ITEM_LIST_LENGTH=(20, "40 for Gowalla [A]"),
    )
    encoder: SelfAttentiveInterests

    def __init__(self, settings: REMISettings, catalogue: Catalogue) -> None:
        super().__init__(settings, catalogue)
        self.encoder = SelfAttentiveInterests(
            settings.num_interests,
            self.hidden_size,
            attention_width=settings.attention_size,
            max_length=catalogue.longest_history,
        )

    def encode(self, history: History) -> AttendedHistories:
        """See `SelfAttentiveInterests`."""
        return self.encoder.attend(history)

    def auxiliary_losses(self, step: TrainingStep) -> dict[str, Tensor]:
        """Return the routing regularisation."""
        encoded: AttendedHistories = step.encoded
        variation = attention_variation(encoded.attention, encoded.mask)
        weight = self.settings.routing_regularisation_weight
        return {"routing_regularisation": weight * variation}

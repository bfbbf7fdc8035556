"""REMI: a training scheme for multi-interest models, here on ComiRec-SA's encoder.

Yueqi Xie, Jingqi Gao, Peilin Zhou, Qichen Ye, Yining Hua, Jaeboum Kim, Fangzhao Wu, Sunghun Kim:
Rethinking Multi-Interest Learning for Candidate Matching in Recommender Systems. RecSys 2023,
arXiv:2302.14532.
"""

from __future__ import annotations

from torch import Tensor

from recbole_opal.distributed.joint import joint_mean
from recbole_opal.interests.self_attention import (
    AttendedHistories,
    SelfAttentiveInterests,
)
from recbole_opal.models.base import MultiInterestNetwork, TrainingStep
from recbole_opal.models.catalogue import Catalogue
from recbole_opal.models.recipes import comirec_recipe, search_with
from recbole_opal.precision import full_precision
from recbole_opal.settings.models.remi import REMISettings

__all__ = ["REMINetwork", "REMISettings", "attention_variation"]


class REMINetwork(MultiInterestNetwork):
    """Self-attentive interests, whose attention is kept from falling on single items.

    Its second part, interest-aware hard negatives, is the setting `hardness` of the retrieval
    loss, which all models have; the published recipe turns it on. Where the authors' code
    differs: its routing regularisation is summed over the batch and takes padding into its mean
    (see `attention_variation`); it draws the padding item as a negative, and a target may be its
    own negative.
    """

    Settings = REMISettings
    weighs_items = True
    trains_in_parts = True
    search = search_with(routing_regularisation_weight={"low": 0.1, "high": 30.0, "log": True})
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

    def __init__(self, settings: REMISettings, catalogue: Catalogue) -> None:
        super().__init__(settings, catalogue)
        self.encoder = SelfAttentiveInterests(settings, catalogue.longest_history)

    def auxiliary_losses(self, step: TrainingStep) -> dict[str, Tensor]:
        """Return the routing regularisation."""
        encoded: AttendedHistories = step.encoded
        variation = attention_variation(encoded.attention, encoded.mask)
        weight = self.settings.routing_regularisation_weight
        return {"routing_regularisation": weight * variation}


@full_precision
def attention_variation(attention: Tensor, mask: Tensor) -> Tensor:
    """Return `mean_b sum_k (sum_t (a_btk - mean_t a_btk)^2)^2`, in [0, K); 0 for even attention.

    Source: REMI's routing regularisation: `|diag(C)|^2` of the covariance C of the attention of a
    user's interests. Its code divides C by the width D of the vectors, takes the mean over padding
    too, and sums over the batch, so that lambda = 100 belongs to batches of 128 and D = 64. Here a
    row's sum of squared deviations is left whole (in [0, 1): 1 - 1/n for attention on one of n
    items), only items count, and rows are averaged: that lambda then is 100 * 128 / 64^2 = 3.125.

    Args:
        attention: (B, L, K) float, sums to 1 over the items of a row, 0 for padding.
        mask: (B, L) bool, True where there is an item.
    """
    real = mask.unsqueeze(-1)  # (B, L, 1)
    mean = attention.sum(dim=1, keepdim=True) / real.sum(dim=1, keepdim=True).clamp_min(1)
    variation = ((attention - mean) * real).square().sum(dim=1)  # (B, K)
    return joint_mean(variation.square().sum(dim=-1))

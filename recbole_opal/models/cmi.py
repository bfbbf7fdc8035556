"""CMI: interests by orthogonal categories, made robust by contrasting two halves of a history.

Beibei Li, Beihong Jin, Jiageng Song, Yisong Yu, Yiyuan Zheng, Wei Zhuo: Improving Micro-video
Recommendation via Contrastive Multiple Interests. SIGIR 2022, arXiv:2205.09593.
"""

from __future__ import annotations

from torch import Tensor

from recbole_opal.batches import TrainingBatch
from recbole_opal.interests.general_interest import AssignedHistories, GeneralisedEncoder
from recbole_opal.interests.views import split_in_halves
from recbole_opal.losses.contrastive import view_contrast
from recbole_opal.losses.regularisers import category_shares, orthogonality_loss, uniformity_loss
from recbole_opal.models.base import (
    MultiInterestNetwork,
    TrainingStep,
)
from recbole_opal.models.catalogue import Catalogue
from recbole_opal.models.recipes import OPALS_TRAINING, Recipe, search_with
from recbole_opal.settings.fields import Finite
from recbole_opal.settings.model_schemas import (
    LEAST,
    LOSSES,
    MultiInterestSettings,
    setting,
    weight,
)

__all__ = ["CMINetwork", "CMISettings"]


class CMISettings(MultiInterestSettings):
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


class CMINetwork(MultiInterestNetwork):
    """Soft interests, each with the user's general interest, trained on two views of a history.

    Both views are rows of the retrieval loss too. Where public codes differ: the authors' code
    shuffles one of the views, draws a target of its own for each view (here both have the row's
    up to W targets) and keeps a target among the negatives; a port in rec_pangu has no views and
    takes neighbouring users for them.
    """

    Settings = CMISettings
    search = search_with(contrastive_weight={"low": 0.002, "high": 0.6, "log": True})
    shared_defaults = OPALS_TRAINING
    published = Recipe(
        "the authors' loss is the shared one, for their later OPAL took it over. They draw one "
        "target from all that follows, where the up to W nearest count here; they cut at 6 items "
        "or later, and halve up to twice the length of a history.\n"
        "Source: the authors' public code with its WeChat settings.",
        stopping_step=(10, "validations without a gain [A]"),
    )
    encoder: GeneralisedEncoder

    def __init__(self, settings: CMISettings, catalogue: Catalogue) -> None:
        super().__init__(settings, catalogue)
        self.encoder = GeneralisedEncoder(
            settings.num_interests, self.hidden_size, temperature=self.temperature
        )

    def training_views(self, batch: TrainingBatch) -> TrainingBatch:
        """Return 2 B rows: one half of each history, then the other halves in the same order."""
        return TrainingBatch(split_in_halves(batch.histories), batch.targets.repeat(2, 1))

    def queries(self, encoded: AssignedHistories) -> Tensor:
        """Return the interests, (B, K, D), of unit length whatever the items are."""
        return encoded.interests

    def auxiliary_losses(self, step: TrainingStep) -> dict[str, Tensor]:
        """Return orthogonality and uniformity of the categories, and the views' contrast."""
        encoded: AssignedHistories = step.encoded
        weights = self.settings
        one, other = encoded.interests.chunk(2)  # (B, K, D) each
        return {
            "orthogonality": weights.orthogonality_weight
            * orthogonality_loss(self.encoder.unit_categories()),
            "uniformity": weights.uniformity_weight
            * uniformity_loss(category_shares(encoded.assignment)),
            "contrastive": weights.contrastive_weight
            * view_contrast(one, other, weights.contrastive_temperature),
        }

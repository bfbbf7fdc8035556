"""OPAL: orthogonal hyper-category guided multi-interest elicitation.

Beibei Li, Beihong Jin, Yisong Yu, Yiyuan Zheng, Jiageng Song, Wei Zhuo, Tao Xiang: Orthogonal
Hyper-category Guided Multi-interest Elicitation for Micro-video Matching. ICME 2024,
arXiv:2407.14741.
"""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional

from recbole_opal.interests.history import History
from recbole_opal.interests.hypercategories import EncodedHistories, HypercategoryEncoder
from recbole_opal.losses.regularisers import (
    category_shares,
    orthogonality_loss,
    uniformity_loss,
    unique_loss,
)
from recbole_opal.models.base import MultiInterestNetwork, TrainingStep
from recbole_opal.models.catalogue import Catalogue
from recbole_opal.models.recipes import OPALS_TRAINING, search_with
from recbole_opal.settings.fields import Finite
from recbole_opal.settings.model_schemas import MultiInterestSettings, setting, weight

__all__ = ["OPALNetwork", "OPALSettings"]


class OPALSettings(MultiInterestSettings):
    """OPAL (Li, Jin, Yu, Zheng, Song, Zhuo, Xiang; ICME 2024; arXiv 2407.14741).

    Orthogonal Hyper-category Guided Multi-interest Elicitation for Micro-video Matching.
    """

    num_interests: int = setting(
        4, "number K of hyper-categories and of interests a user [P, A]", ge=1, le=64
    )
    fusion_weight: Finite = setting(
        0.5, "weight of the evolved h_j in u_j; 1 = h_j only [A]", ge=0, le=1
    )
    fusion: Literal["fixed", "learned"] = setting(
        "fixed",
        "learned = z_j + g_j h_j, whose gate g_j starts at 0, so that entering the hard stage "
        "changes nothing [D]",
    )
    evolution_activation: Literal["relu", "none"] = setting(
        "relu", "what follows the linear layer behind the GRU [A]"
    )
    evolution_input: Literal["plain", "weighted"] = setting(
        "plain",
        "weighted = GRU input times a straight-through argmax of p, so that gradients reach p [D]",
    )
    interest_prior: Finite = setting(
        0.0, "weight of log(share of the interest in the history) in its score [D]", ge=0, le=10
    )
    orthogonality_weight: Finite = weight(10.0, "lambda_o, of mean (<o_i, o_j> - delta_ij)^2 [P]")
    uniformity_weight: Finite = weight(1.0, "lambda_f, of std / mean of the categories' shares [P]")
    unique_weight: Finite = weight(1.0, "lambda_q, of -mean log max_j p_tj in the hard stage [P]")


class OPALNetwork(MultiInterestNetwork):
    """Soft interests in stage "soft", hard and evolved interests in stage "hard".

    Differences to the authors' code, each described where it is made: only looked-up vectors
    are normalised; up to W future targets a row instead of one; targets are never negatives;
    the uniformity of the hard stage is taken over K shares.
    """

    Settings = OPALSettings
    stages = ("soft", "hard")
    search = search_with(uniformity_weight={"low": 0.1, "high": 10.0, "log": True})
    shared_defaults = OPALS_TRAINING
    encoder: HypercategoryEncoder

    def __init__(self, settings: OPALSettings, catalogue: Catalogue) -> None:
        super().__init__(settings, catalogue)
        self.interest_prior = settings.interest_prior
        self.encoder = HypercategoryEncoder(
            settings.num_interests,
            self.hidden_size,
            temperature=self.temperature,
            fusion_weight=settings.fusion_weight,
            fusion=settings.fusion,
            activation=settings.evolution_activation,
            weighted_input=settings.evolution_input == "weighted",
        )

    def encode(self, history: History) -> EncodedHistories:
        """See `HypercategoryEncoder`."""
        encoded: EncodedHistories = self.encoder(history, self.stage)
        return encoded

    def queries(self, encoded: EncodedHistories) -> Tensor:
        """Return the interests, with their prior as one more dimension where it is asked for.

        A normalised interest forgets how much of the history it stands for; `interest_prior`
        times the logarithm of its share is added to its scores (after the temperature).
        """
        if self.interest_prior == 0:
            return encoded.interests
        shares = encoded.shares
        smallest = torch.finfo(shares.dtype).eps
        prior = shares.clamp_min(smallest).log() * self.interest_prior * self.temperature
        return torch.cat([encoded.interests, prior.unsqueeze(-1)], dim=-1)  # (B, K, D + 1)

    def interest_columns(self, queries: Tensor) -> Tensor:
        """Return the interests, (B, K, D), without their prior."""
        return queries[..., : self.hidden_size]

    def candidates(self, item_vectors: Tensor) -> Tensor:
        """Return item vectors, with a last coordinate of 1 where interests have a prior."""
        if self.interest_prior == 0:
            return item_vectors
        return functional.pad(item_vectors, (0, 1), value=1.0)  # (*, D + 1)

    def auxiliary_losses(self, step: TrainingStep) -> dict[str, Tensor]:
        """Return orthogonality and uniformity; in the hard stage also the hard shares' and unique.

        Source: OPAL, section 5 of the method; weights lambda_o, lambda_f, lambda_q.
        """
        encoded: EncodedHistories = step.encoded
        weights = self.settings
        soft = uniformity_loss(category_shares(encoded.assignment))
        parts = {
            "orthogonality": weights.orthogonality_weight
            * orthogonality_loss(self.encoder.unit_categories()),
            "uniformity": weights.uniformity_weight * soft,
        }
        if self.stage == "hard":
            hard = uniformity_loss(category_shares(encoded.kept))
            parts["hard_uniformity"] = weights.uniformity_weight * hard
            parts["unique"] = weights.unique_weight * unique_loss(encoded.assignment)
        return parts

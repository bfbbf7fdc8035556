"""OPAL: orthogonal hyper-category guided multi-interest elicitation.

Beibei Li, Beihong Jin, Yisong Yu, Yiyuan Zheng, Jiageng Song, Wei Zhuo, Tao Xiang: Orthogonal
Hyper-category Guided Multi-interest Elicitation for Micro-video Matching. ICME 2024,
arXiv:2407.14741.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from recbole_opal.interests.encoder import EncodedHistories, HypercategoryEncoder
from recbole_opal.interests.history import History
from recbole_opal.losses.regularisers import (
    category_shares,
    orthogonality_loss,
    uniformity_loss,
    unique_loss,
)
from recbole_opal.models.base import MultiInterestRecommender, TrainingStep

__all__ = ["OPAL"]


class OPAL(MultiInterestRecommender):
    """Soft interests in stage "soft", hard and evolved interests in stage "hard".

    Differences to the authors' code, each described where it is made: only looked-up vectors
    are normalised; up to W future targets a row instead of one; targets are never negatives;
    the uniformity of the hard stage is taken over K shares.

    Args:
        config: the settings of the run, see `properties/model/OPAL.yaml`.
        dataset: the training dataset.
    """

    stages = ("soft", "hard")
    encoder: HypercategoryEncoder

    def __init__(self, config: Any, dataset: Any) -> None:
        super().__init__(config, dataset)
        self.orthogonality_weight: float = config["orthogonality_weight"]
        self.uniformity_weight: float = config["uniformity_weight"]
        self.unique_weight: float = config["unique_weight"]
        self.interest_prior: float = config["interest_prior"]
        self.encoder = HypercategoryEncoder(
            config["num_interests"],
            self.hidden_size,
            temperature=self.temperature,
            fusion_weight=config["fusion_weight"],
            fusion=config["fusion"],
            activation=config["evolution_activation"],
            weighted_input=config["evolution_input"] == "weighted",
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
        assignment = encoded.assignment
        soft = uniformity_loss(category_shares(assignment))
        parts = {
            "orthogonality": self.orthogonality_weight
            * orthogonality_loss(self.encoder.unit_categories()),
            "uniformity": self.uniformity_weight * soft,
        }
        if self.stage == "hard":
            hard = uniformity_loss(category_shares(encoded.kept))
            parts["hard_uniformity"] = self.uniformity_weight * hard
            parts["unique"] = self.unique_weight * unique_loss(assignment)
        return parts

"""OPAL: orthogonal hyper-category guided multi-interest elicitation.

Beibei Li, Beihong Jin, Yisong Yu, Yiyuan Zheng, Jiageng Song, Wei Zhuo, Tao Xiang: Orthogonal
Hyper-category Guided Multi-interest Elicitation for Micro-video Matching. ICME 2024,
arXiv:2407.14741.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn

from recbole_opal.batches import Histories, TrainingBatch
from recbole_opal.distributed.joint import joint_mean, joint_means
from recbole_opal.interests.assignment import AssignedHistories, CategoryEncoder
from recbole_opal.interests.history import History
from recbole_opal.interests.one_hot import one_hot
from recbole_opal.interests.subsequences import SubsequenceGRU
from recbole_opal.interests.unit import unit_length
from recbole_opal.losses.regularisers import orthogonality_loss, uniformity_loss
from recbole_opal.models.base import TrainingStep
from recbole_opal.models.catalogue import Catalogue
from recbole_opal.models.recipes import DEFAULT_TRAINING, Recipe, search_with
from recbole_opal.models.shares import ShareWeighed
from recbole_opal.precision import full_precision
from recbole_opal.settings.models.opal import OPALSettings

__all__ = ["HypercategoryEncoder", "OPALNetwork", "OPALSettings", "unique_loss"]


@dataclass(frozen=True)
class EncodedHistories(AssignedHistories):
    """What OPAL's encoder knows of a batch."""

    # (T, K) float, the part of the assignment the stage uses: all of it, or each item's
    # strongest
    kept: Tensor
    history: History  # what was encoded

    def shares(self, assignment: Tensor) -> Tensor:
        """Return each interest's share of the history, (B, K), by what its items weigh."""
        mass = self.history.sum_by_row(self.history.weigh(assignment))  # (B, K)
        return mass / mass.sum(dim=-1, keepdim=True).clamp_min(torch.finfo(mass.dtype).tiny)


class HypercategoryEncoder(CategoryEncoder):
    """Stage "soft" pools items by their assignment, `z_j`; the later ones join `h_j` to it.

    `h_j` is where the category's own sub-sequence leads: `u_j = normalize((1 - w) z_j + w h_j)`, or
    with learned gates `z_j + g_j h_j`. With `fusion: whole`, which is ours, each interest also sees
    the history that sub-sequences cut up: `+ g'_j h`, h by a GRU of its own over all items.
    """

    def __init__(self, settings: OPALSettings) -> None:
        sharpness = settings.assignment_temperature
        super().__init__(
            settings.num_interests,
            settings.hidden_size,
            settings.temperature if sharpness is None else sharpness,
        )
        self.fusion_weight = settings.fusion_weight
        self.evolution = InterestEvolution(settings)
        gate = torch.zeros(settings.num_interests, 1)
        self.gate = None if settings.fusion == "fixed" else nn.Parameter(gate)
        # The sub-sequence of one interest is the whole history already.
        whole = settings.fusion == "whole" and settings.num_interests > 1
        self.whole = InterestEvolution(settings) if whole else None
        self.whole_gate = nn.Parameter(gate.clone()) if whole else None

    def forward(self, history: History, stage: str) -> EncodedHistories:
        """Encode histories of unit vectors."""
        categories, soft = self.sort(history)
        interests, kept = soft.interests, soft.assignment
        if stage != "soft":
            interests = self._fuse(interests, history, kept, categories)
            hardest = one_hot(kept.argmax(dim=-1), len(categories))  # the first of ties
            kept = kept * hardest
        return EncodedHistories(interests, soft.assignment, kept, history)

    def _fuse(
        self, pooled: Tensor, history: History, assignment: Tensor, categories: Tensor
    ) -> Tensor:
        evolved = self.evolution(history, assignment, categories)
        if self.gate is None:
            weight = self.fusion_weight
            return unit_length((1 - weight) * pooled + weight * evolved)
        fused = pooled + self.gate * evolved
        if self.whole is not None:
            one_category = torch.ones_like(assignment[:, :1])  # (T, 1)
            middle = categories.mean(dim=0, keepdim=True)  # stands in where a history is empty
            fused = fused + self.whole_gate * self.whole(history, one_category, middle)
        return unit_length(fused)


class InterestEvolution(nn.Module):
    """Follow each category's sub-sequence to its newest state: `h_j`.

    Source: OPAL, the hard stage: GRU -> linear -> ReLU -> unit length; an empty category gives
    `o_j`. Where a ReLU leaves nothing (all states negative) `o_j` stands in too; the authors'
    code keeps a zero vector there. A ReLU confines every h_j to the non-negative orthant.
    """

    def __init__(self, settings: OPALSettings) -> None:
        super().__init__()
        width = settings.hidden_size
        self.recurrence = SubsequenceGRU(width)
        self.output = nn.Linear(width, width)
        self.settings = settings

    def forward(self, history: History, assignment: Tensor, categories: Tensor) -> Tensor:
        """Return the evolved interests, (B, K, D), unit length; arguments as in `pool_softly`."""
        num_interests = len(categories)
        chosen = assignment.argmax(dim=-1)  # (T,)
        if self.settings.evolution_input == "weighted":
            weight = assignment.amax(dim=-1, keepdim=True)  # (T, 1)
            # 1 in the forward pass (straight-through)
            vectors = history.vectors * (1 + weight - weight.detach())
            history = replace(history, vectors=vectors)
        evolved = self.output(self.recurrence(history, chosen, num_interests))  # (B, K, D)
        if self.settings.evolution_activation == "relu":
            evolved = evolved.relu()
        counts = history.sum_by_row(one_hot(chosen, num_interests))  # (B, K)
        usable = (counts > 0) & (evolved.detach().abs().amax(dim=-1) > 0)
        return unit_length(torch.where(usable.unsqueeze(-1), evolved, categories))


@full_precision
def unique_loss(assignment: Tensor) -> Tensor:
    """Return `-mean_t log max_j p_tj`, >= 0: small where each item has one category only."""
    return -joint_mean(assignment.amax(dim=-1).log())


class OPALNetwork(ShareWeighed):
    """Soft interests in stage "soft", hard and evolved interests in stage "hard".

    Stage "next" is ours: it trains all of "hard" further, on the next item alone. Many future items
    teach where a user's interests lie, the next one teaches the order; which of them lists are
    judged by is the log's, so that the best stage on validation is kept.

    Differences to the authors' code, each described where it is made: only looked-up vectors
    are normalised; up to W future targets a row instead of one; targets are never negatives;
    the uniformity of the hard stage is taken over K shares. With `recency`, what pools items
    weighs them (`z_j`, shares and prior); what sorts them (regularisers, GRU) does not.
    """

    Settings = OPALSettings
    weighs_items = True
    trains_in_parts = True
    stages = OPALSettings.trained_in
    stage_costs = {"hard": 3.0, "next": 2.5}  # 2.5 to 3.5 on the logs of results/
    published = Recipe(
        "the paper's method with the authors' settings, its decided options as the paper is read "
        "here. A row has up to W future targets, where the authors draw one of all that follow.\n"
        "Sources: the paper, and the authors' released code with its WeChat settings.",
        temperature=(0.1, "[P, A]"),
        future_window=(20, "[D]"),
        stages=(["soft", "hard"], "[P, A]"),
        stage_windows=(None, "as many targets in both stages [P, A]"),
        interest_prior=(0.0, "[P, A]"),
        fusion=("fixed", "half pooled, half evolved [A]"),
        evolution_activation=("relu", "[A]"),
        unique_weight=(1.0, "[P]"),
        learning_rate=(0.001, "[A]"),
        stage_rates=(None, "[A]"),
        stopping_step=(5, "validations without a gain [A]"),
        MAX_ITEM_LIST_LENGTH=(100, "[A]"),
        num_negatives=(1024, "[D]"),
    )
    training_defaults = {**DEFAULT_TRAINING, "stage_rates": {"hard": 0.3, "next": 0.3}}
    search = search_with(uniformity_weight={"low": 0.1, "high": 10.0, "log": True})
    encoder: HypercategoryEncoder

    def __init__(self, settings: OPALSettings, catalogue: Catalogue) -> None:
        super().__init__(settings, catalogue)
        self.encoder = HypercategoryEncoder(settings)

    def training_views(self, batch: TrainingBatch) -> TrainingBatch:
        """Return the batch with the nearest of its targets, as many as the stage asks for."""
        window = (self.settings.stage_windows or {}).get(self.stage)
        return replace(batch, targets=batch.targets[:, :window].contiguous())

    def encode(self, history: History) -> EncodedHistories:
        """See `HypercategoryEncoder`."""
        encoded: EncodedHistories = self.encoder(history, self.stage)
        return encoded

    def queries(self, encoded: EncodedHistories) -> Tensor:
        """Return the interests, with their prior as one more dimension where it is asked for.

        The share is that of the soft assignment in both stages, as `z_j` is, so that entering the
        hard stage changes no score where `fusion` is learned.
        """
        return self.with_prior(encoded.interests, encoded.shares(encoded.assignment))

    def item_interests(self, histories: Histories) -> Tensor:
        """Return the hyper-category that each item is assigned to most, (T,) int64."""
        return self.encode(self.looked_up(histories)).kept.argmax(dim=-1)

    def interest_shares(self, histories: Histories) -> Tensor:
        """Return each hyper-category's share of the history, (B, K), as the stage assigns items."""
        encoded = self.encode(self.looked_up(histories))
        return encoded.shares(encoded.kept)

    def auxiliary_losses(self, step: TrainingStep) -> dict[str, Tensor]:
        """Return orthogonality and uniformity; past "soft" also the hard shares' and unique.

        Source: OPAL, section 5 of the method; weights lambda_o, lambda_f, lambda_q.
        """
        encoded: EncodedHistories = step.encoded
        weights = self.settings
        hardest = () if self.stage == "soft" else (encoded.kept,)
        # In one exchange, where several processes have parts of the batch.
        shares = joint_means(encoded.assignment, *hardest)
        parts = {
            "orthogonality": weights.orthogonality_weight
            * orthogonality_loss(self.encoder.unit_categories()),
            "uniformity": weights.uniformity_weight * uniformity_loss(shares[0]),
        }
        if hardest:
            parts["hard_uniformity"] = weights.uniformity_weight * uniformity_loss(shares[1])
            parts["unique"] = shares[0].new_zeros(())
            if weights.unique_weight > 0:
                parts["unique"] = weights.unique_weight * unique_loss(encoded.assignment)
        return parts

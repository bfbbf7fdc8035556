"""Re4: interests by self-attention, held to their items by three backward flows.

Shengyu Zhang, Lingxiao Yang, Dong Yao, Yujie Lu, Fuli Feng, Zhou Zhao, Tat-Seng Chua, Fei Wu:
Re4: Learning to Re-contrast, Re-attend, Re-construct for Multi-interest Recommendation. WWW
2022, arXiv:2208.08011.
"""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor

from recbole_opal.interests.attentive import AttentiveHistories, AttentiveInterests, InterestDecoder
from recbole_opal.losses.backward_flow import (
    history_scores,
    reattend_loss,
    reconstruct_loss,
    recontrast_loss,
)
from recbole_opal.models.base import MultiInterestNetwork, TrainingStep
from recbole_opal.models.catalogue import Catalogue
from recbole_opal.models.recipes import OPALS_TRAINING, Recipe, search_with
from recbole_opal.settings.fields import Finite
from recbole_opal.settings.model_schemas import LEAST, MultiInterestSettings, setting

__all__ = ["Re4Network", "Re4Settings"]

_FLOWS = "Backward flows, each averaged over interests and rows"
_QUARTER = "0 = off; the authors' 0.1 is of a mean over all places, a quarter of which count"


class Re4Settings(MultiInterestSettings):
    """Re4 (Zhang et al., WWW 2022; arXiv 2208.08011).

    Learning to Re-contrast, Re-attend, Re-construct for Multi-interest Recommendation. The three
    backward flows belong to the model: on in both recipes.
    """

    num_interests: int = setting(4, "number K of interests a user [D]", ge=1, le=64)
    attention_size: int = setting(256, "hidden width of the attention [A]", ge=1, le=65536)
    interest_output: Literal["none", "tanh"] = setting(
        "none", "what is compared with items, z_k or tanh(W z_k + b) as in the authors' code [P]"
    )
    reattend_weight: Finite = setting(
        0.001, "of the cross-entropy between scores and attention; 0 = off [A]", under=_FLOWS, ge=0
    )
    recontrast_weight: Finite = setting(
        0.025,
        f"of the contrast of an interest with its representative items; {_QUARTER} [D]",
        under=_FLOWS,
        ge=0,
    )
    recontrast_temperature: Finite = setting(
        0.02, "divides the cosines of that contrast [A]", under=_FLOWS, ge=LEAST, le=10
    )
    reconstruct_weight: Finite = setting(
        0.025,
        f"of the squared error of the items decoded from an interest; {_QUARTER} [D]",
        under=_FLOWS,
        ge=0,
    )


class Re4Network(MultiInterestNetwork):
    """Self-attentive interests with Re-contrast, Re-attend and Re-construct.

    Where public codes differ, beside what `losses.backward_flow` says: the authors' compares
    `tanh(W z_k + b)` with items, but re-attends by `z_k` itself, so that attention follows a
    criterion that never recommends (`interest_output: tanh` gives their readout; here
    Re-attend always uses what recommends, temperature included); it takes a neighbour's items as
    negatives of Re-contrast even if the user has met them, as rec_pangu's port does; and it
    chooses its best epoch on the test part.
    """

    Settings = Re4Settings
    search = search_with(recontrast_weight={"low": 0.0025, "high": 0.25, "log": True})
    shared_defaults = OPALS_TRAINING
    published = Recipe(
        "inner products, uniform negatives without correction, the next item.\nSources: the "
        "paper, and the authors' public code with its example command for Amazon Books.",
        similarity=("inner_product", "no normalisation, no temperature [P]"),
        temperature=(1.0, "[P]"),
        num_interests=(8, "of the example command [A]"),
        routing=("target", "the target's best interest scores the negatives too [A]"),
        negative_sampling=(
            "uniform",
            "their code draws outside the batch's targets; a row's own targets are left out here "
            "[A]",
        ),
        num_negatives=(5000, "shared by the batch [A]"),
        future_window=(1, "the next item after a random cut [A]"),
        train_batch_size=(1024, "[A]"),
        learning_rate=(0.003, "[A]"),
        weight_decay=(0.000001, "[A]"),
        item_gradient=("dense", "so that the decay reaches the items too [A]"),
        MAX_ITEM_LIST_LENGTH=(20, "ComiRec's for Amazon Books [A]"),
    )
    encoder: AttentiveInterests

    def __init__(self, settings: Re4Settings, catalogue: Catalogue) -> None:
        super().__init__(settings, catalogue)
        self.encoder = AttentiveInterests(
            settings.num_interests,
            self.hidden_size,
            attention_width=settings.attention_size,
            output=settings.interest_output,
        )
        self.decoder = InterestDecoder(self.hidden_size, max_length=catalogue.longest_history)

    def auxiliary_losses(self, step: TrainingStep) -> dict[str, Tensor]:
        """Return the weighted backward flows; one whose weight is 0 is not computed."""
        flows = {
            "reattend": (self.settings.reattend_weight, self._reattend),
            "recontrast": (self.settings.recontrast_weight, self._recontrast),
            "reconstruct": (self.settings.reconstruct_weight, self._reconstruct),
        }
        return {name: weight * flow(step) for name, (weight, flow) in flows.items() if weight > 0}

    def _reattend(self, step: TrainingStep) -> Tensor:
        encoded: AttentiveHistories = step.encoded
        items = self.candidates(encoded.items)
        scores = history_scores(step.queries, items, temperature=self.temperature)  # (B, K, L)
        return reattend_loss(scores, encoded.log_attention, encoded.mask)

    def _recontrast(self, step: TrainingStep) -> Tensor:
        encoded: AttentiveHistories = step.encoded
        ids = step.history_ids.new_zeros(encoded.mask.shape)  # (B, L)
        ids = ids.masked_scatter(encoded.mask, step.history_ids)
        return recontrast_loss(
            encoded.interests,
            encoded.items,
            encoded.mask,
            encoded.representative(),
            encoded.items.roll(1, dims=0),
            _foreign(ids, ids.roll(1, dims=0)),
            temperature=self.settings.recontrast_temperature,
        )

    def _reconstruct(self, step: TrainingStep) -> Tensor:
        encoded: AttentiveHistories = step.encoded
        lengths = step.history.lengths
        decoded, places = self.decoder(encoded.interests, encoded.representative(), lengths)
        rows, positions = places.unbind(dim=-1)
        return reconstruct_loss(decoded, encoded.items[rows, positions])


def _foreign(own: Tensor, others: Tensor) -> Tensor:
    """Mark the items of (B, S) `others` that are no padding and not in (B, L) `own`."""
    met = torch.zeros_like(others, dtype=torch.bool)
    for column in own.unbind(dim=1):  # no (B, L, S) tensor
        met |= others == column.unsqueeze(1)
    return (others > 0) & ~met

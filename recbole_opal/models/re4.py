"""Re4: interests by self-attention, held to their items by three backward flows.

Shengyu Zhang, Lingxiao Yang, Dong Yao, Yujie Lu, Fuli Feng, Zhou Zhao, Tat-Seng Chua, Fei Wu:
Re4: Learning to Re-contrast, Re-attend, Re-construct for Multi-interest Recommendation. WWW
2022, arXiv:2208.08011.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from recbole_opal.interests.re4 import AttentiveInterests, InterestDecoder, Re4Histories
from recbole_opal.losses.re4 import (
    history_scores,
    reattend_loss,
    reconstruct_loss,
    recontrast_loss,
)
from recbole_opal.models.base import MultiInterestRecommender, TrainingStep

__all__ = ["Re4"]


class Re4(MultiInterestRecommender):
    """Self-attentive interests with Re-contrast, Re-attend and Re-construct.

    Where public codes differ, beside what `losses.re4` says: the authors' compares
    `tanh(W z_k + b)` with items, but re-attends by `z_k` itself, so that attention follows a
    criterion that never recommends (`interest_output: tanh` gives their readout; here
    Re-attend always uses what recommends, temperature included); it takes a neighbour's items as
    negatives of Re-contrast even if the user has met them, as rec_pangu's port does; and it
    chooses its best epoch on the test part.

    Args:
        config: the settings of the run, see `properties/model/Re4.yaml`.
        dataset: the training dataset.
    """

    encoder: AttentiveInterests

    def __init__(self, config: Any, dataset: Any) -> None:
        super().__init__(config, dataset)
        self.weights: dict[str, float] = {
            name: config[f"{name}_weight"] for name in ("reattend", "recontrast", "reconstruct")
        }
        self.recontrast_temperature: float = config["recontrast_temperature"]
        self.encoder = AttentiveInterests(
            config["num_interests"],
            self.hidden_size,
            attention_width=config["attention_size"],
            output=config["interest_output"],
        )
        self.decoder = InterestDecoder(self.hidden_size, max_length=self.max_seq_length)

    def queries(self, encoded: Re4Histories) -> Tensor:
        """Return the interests, at unit length where the items are."""
        return super().queries(encoded.interests)

    def auxiliary_losses(self, step: TrainingStep) -> dict[str, Tensor]:
        """Return the weighted backward flows; one whose weight is 0 is not computed."""
        flows = {
            "reattend": self._reattend,
            "recontrast": self._recontrast,
            "reconstruct": self._reconstruct,
        }
        return {
            name: self.weights[name] * flow(step)
            for name, flow in flows.items()
            if self.weights[name] > 0
        }

    def _reattend(self, step: TrainingStep) -> Tensor:
        encoded: Re4Histories = step.encoded
        items = self.candidates(encoded.items)
        scores = history_scores(step.queries, items, temperature=self.temperature)  # (B, K, L)
        return reattend_loss(scores, encoded.log_attention, encoded.mask)

    def _recontrast(self, step: TrainingStep) -> Tensor:
        encoded: Re4Histories = step.encoded
        ids = step.history_ids.new_zeros(encoded.mask.shape)  # (B, L)
        ids = ids.masked_scatter(encoded.mask, step.history_ids)
        return recontrast_loss(
            encoded.interests,
            encoded.items,
            encoded.mask,
            encoded.representative(),
            encoded.items.roll(1, dims=0),
            _foreign(ids, ids.roll(1, dims=0)),
            temperature=self.recontrast_temperature,
        )

    def _reconstruct(self, step: TrainingStep) -> Tensor:
        encoded: Re4Histories = step.encoded
        lengths = encoded.mask.sum(dim=-1)
        decoded, places = self.decoder(encoded.interests, encoded.representative(), lengths)
        rows, positions = places.unbind(dim=-1)
        return reconstruct_loss(decoded, encoded.items[rows, positions])


def _foreign(own: Tensor, others: Tensor) -> Tensor:
    """Mark the items of (B, S) `others` that are no padding and not in (B, L) `own`."""
    met = torch.zeros_like(others, dtype=torch.bool)
    for column in own.unbind(dim=1):  # no (B, L, S) tensor
        met |= others == column.unsqueeze(1)
    return (others > 0) & ~met

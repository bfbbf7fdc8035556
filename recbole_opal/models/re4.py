"""Re4: interests by self-attention, held to their items by three backward flows.

Shengyu Zhang, Lingxiao Yang, Dong Yao, Yujie Lu, Fuli Feng, Zhou Zhao, Tat-Seng Chua, Fei Wu:
Re4: Learning to Re-contrast, Re-attend, Re-construct for Multi-interest Recommendation. WWW
2022, arXiv:2208.08011.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from recbole_opal.distributed.joint import joint_previous
from recbole_opal.interests.decoder import InterestDecoder
from recbole_opal.interests.history import History
from recbole_opal.losses.backward_flows import (
    history_scores,
    reattend_loss,
    reconstruct_loss,
    recontrast_loss,
)
from recbole_opal.models.base import MultiInterestNetwork, TrainingStep
from recbole_opal.models.catalogue import Catalogue
from recbole_opal.models.recipes import Recipe, search_with
from recbole_opal.settings.models.re4 import Re4Settings

__all__ = ["AttentiveHistories", "AttentiveInterests", "Re4Network", "Re4Settings"]


@dataclass(frozen=True)
class AttentiveHistories:
    """What the forward flow knows of a batch; L is the length of its longest history."""

    interests: Tensor  # (B, K, D) float
    log_attention: Tensor  # (B, K, L) float, `log a_kt`; the lowest number at padding
    items: Tensor  # (B, L, D) float, zero at padding
    mask: Tensor  # (B, L) bool, True where there is an item

    def representative(self) -> Tensor:
        """Return (B, K, L) bool: `a_kt > 1 / n`, the items that stand for an interest.

        n is the length of the row's own history, so that even attention has none.
        """
        lengths = self.mask.sum(dim=-1).clamp_min(1)  # (B,)
        even = -lengths.to(self.log_attention.dtype).log()
        # Rounding must not make representatives of evenly attended items.
        above = self.log_attention > even[:, None, None] + 1e-5
        return above & self.mask.unsqueeze(1)


class AttentiveInterests(nn.Module):
    """Each interest is a linear map of an attention-weighted mean of the history.

    `a_kt = softmax_t(w_k tanh(W1 x_t))`, `z_k = sum_t a_kt W2 x_t`. Source: the forward flow; no
    biases and no positions, as there. Weights of a history come into the softmax as logarithms.
    """

    def __init__(self, settings: Re4Settings) -> None:
        super().__init__()
        width = settings.hidden_size
        self.hidden = nn.Linear(width, settings.attention_size, bias=False)
        self.logits = nn.Linear(settings.attention_size, settings.num_interests, bias=False)
        self.transform = nn.Linear(width, width, bias=False)
        self.output = nn.Linear(width, width) if settings.interest_output == "tanh" else None

    def forward(self, history: History) -> AttentiveHistories:
        """Encode histories."""
        items, mask = history.padded()  # (B, L, D), (B, L)
        scores = self.logits(self.hidden(history.vectors).tanh())  # (T, K): nothing for padding
        scores = history.lift(scores)
        logits = history.pad(scores.to(items.dtype), torch.finfo(items.dtype).min)  # (B, L, K)
        log_attention = logits.log_softmax(dim=1).transpose(1, 2)  # (B, K, L)
        # The transform is linear, so it may follow the mean: K vectors a row instead of L.
        interests = self.transform(log_attention.exp() @ items)  # (B, K, D)
        if self.output is not None:
            interests = self.output(interests).tanh()
        return AttentiveHistories(interests, log_attention, items, mask)


class Re4Network(MultiInterestNetwork):
    """Self-attentive interests with Re-contrast, Re-attend and Re-construct.

    Where public codes differ, beside what `losses/backward_flows.py` says: the authors' compares
    `tanh(W z_k + b)` with items, but re-attends by `z_k` itself, so that attention follows a
    criterion that never recommends (`interest_output: tanh` gives their readout; here
    Re-attend always uses what recommends, temperature included); it takes a neighbour's items as
    negatives of Re-contrast even if the user has met them, as rec_pangu's port does; and it
    chooses its best epoch on the test part.
    """

    Settings = Re4Settings
    weighs_items = True
    trains_in_parts = True
    search = search_with(recontrast_weight={"low": 0.0025, "high": 0.25, "log": True})
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
        stopping_step=(5, "validations without a gain [D]"),
        item_gradient=("dense", "so that the decay reaches the items too [A]"),
        MAX_ITEM_LIST_LENGTH=(20, "ComiRec's for Amazon Books [A]"),
    )
    encoder: AttentiveInterests

    def __init__(self, settings: Re4Settings, catalogue: Catalogue) -> None:
        super().__init__(settings, catalogue)
        self.encoder = AttentiveInterests(settings)
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
            joint_previous(encoded.items),
            _foreign(ids, joint_previous(ids)),
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

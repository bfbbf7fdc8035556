"""RecBole's models with softmax-CPR, mended: their lists need no answer at hand."""

from __future__ import annotations

from typing import Any

import torch
from recbole.model.sequential_recommender.gru4reccpr import GRU4RecCPR as _Gru
from recbole.model.sequential_recommender.sasreccpr import SASRecCPR as _Sas

__all__ = ["GRU4RecCPR", "SASRecCPR"]


class _WithoutAnswer:
    """Ranks all items; RecBole's own method also computes a loss, from the item to be predicted."""

    def full_sort_predict(self: Any, interaction: Any) -> torch.Tensor:
        """Return the probability of each item, (rows, items)."""
        _, found = self.calculate_loss_prob(interaction, only_compute_prob=True)
        probabilities: torch.Tensor = found
        if self.post_remove_context:
            probabilities.scatter_(1, interaction[self.ITEM_SEQ], 0)
        return probabilities


class GRU4RecCPR(_WithoutAnswer, _Gru):
    """RecBole's GRU4Rec with softmax-CPR."""


class SASRecCPR(_WithoutAnswer, _Sas):
    """RecBole's SASRec with softmax-CPR."""

"""Negatives shared by a batch, and what sampling does to their logits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn

__all__ = ["NegativeSampler", "Negatives"]


@dataclass(frozen=True)
class Negatives:
    """The negatives of one batch, each item once.

    Attributes:
        ids: (M',) int64, ascending, distinct, never 0.
        log_weights: (M',) float, added to the logits: how often an item was drawn, less how
            often it was to be expected (logQ correction).
    """

    ids: Tensor
    log_weights: Tensor


class NegativeSampler(nn.Module):
    """Draw M items with replacement for all rows of a batch.

    An item drawn c times is one candidate of weight c, which is the same sum at a lower cost.
    With `correct`, logits are lowered by log(M q) as in sampled softmax (Bengio & Senecal 2008);
    for uniform sampling the correction is one constant that the targets share, hence nothing.

    Args:
        num_items: N with the padding item 0, which is never drawn.
        distribution: "uniform", "popularity" (q proportional to count^power), or "full" (every
            item is a negative; a step then costs O(N)).
        num_negatives: M, ignored for "full".
        counts: (N,) training interactions of each item, needed for "popularity".
        power: exponent of the counts.
        correct: whether logits of popularity-sampled items are corrected.
    """

    cumulative: Tensor
    log_expected: Tensor

    def __init__(
        self,
        num_items: int,
        distribution: Literal["uniform", "popularity", "full"],
        num_negatives: int,
        *,
        counts: Tensor | None = None,
        power: float = 1.0,
        correct: bool = True,
    ) -> None:
        super().__init__()
        self.num_items = num_items
        self.distribution = distribution
        self.num_negatives = num_negatives
        self.correct = correct and distribution == "popularity"
        if distribution == "popularity":
            if counts is None:
                raise ValueError("popularity sampling needs the items' training counts.")
            weights = counts.to(torch.float64).pow(power)
            weights[0] = 0
            share = weights / weights.sum()
            self.register_buffer("cumulative", share.cumsum(0), persistent=False)
            log_expected = (share * num_negatives).log().to(torch.float32)
            # An item never seen in training is never drawn; as a target it stays uncorrected.
            log_expected = torch.where(share > 0, log_expected, 0.0)
            self.register_buffer("log_expected", log_expected, persistent=False)

    def draw(self, device: torch.device) -> Negatives:
        """Draw the negatives of one batch from the default generator of `device`."""
        if self.distribution == "full":
            ids = torch.arange(1, self.num_items, device=device)
            return Negatives(ids, torch.zeros(len(ids), device=device))
        if self.distribution == "uniform":
            drawn = torch.randint(1, self.num_items, (self.num_negatives,), device=device)
        else:
            points = torch.rand(self.num_negatives, dtype=torch.float64, device=device)
            drawn = torch.searchsorted(self.cumulative, points, right=True)
            drawn = drawn.clamp_max(self.num_items - 1)  # rounding of the last sum
        ids, counts = torch.unique(drawn, return_counts=True)
        return Negatives(ids, counts.to(torch.float32).log() - self._correction(ids))

    def target_correction(self, ids: Tensor) -> Tensor | float:
        """Return what is to be taken off the targets' logits, shaped like `ids`."""
        return self._correction(ids)

    def _correction(self, ids: Tensor) -> Tensor | float:
        return self.log_expected[ids] if self.correct else 0.0

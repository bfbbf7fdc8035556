"""Negatives shared by a batch, and what sampling does to their logits."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn

from recbole_opal.errors import SettingsError

__all__ = ["Distribution", "NegativeSampler", "Negatives"]

Distribution = Literal["uniform", "popularity", "log_uniform", "in_batch", "full"]


@dataclass(frozen=True)
class Negatives:
    """The negatives of one batch, each item once."""

    ids: Tensor  # (M',) int64, ascending, distinct, never 0
    # (M',) float, added to the logits: how often an item was drawn, less how often it was to
    # be expected (logQ correction)
    log_weights: Tensor
    tries: int = 0  # how many draws "log_uniform" needed until M items were different, else 0


class NegativeSampler(nn.Module):
    """Draw M items for all rows of a batch, never the padding item 0.

    "popularity" draws in proportion to count^power; "log_uniform" draws M different items, whose q
    falls with the logarithm of the popularity rank, as in TensorFlow's sampled softmax, which the
    ComiRec family trains with (that sampler takes ids for ranks, here items are ranked by their
    counts); "in_batch" takes the targets of all rows, "full" every item: a step then costs O(N).

    With replacement, an item drawn c times is one candidate of weight c, which is the same sum
    at a lower cost. With `correct`, logits are lowered by the log of how often an item is to be
    expected, as in sampled softmax (Bengio & Senecal 2008); for uniform sampling that is one
    constant that the targets share, hence nothing.

    `counts`, (N,), are training interactions, for the two that go by popularity and are corrected.
    With `met_only` "uniform" and "full" take the items that have some: one that is new to the data,
    which features are to find, would be pushed away from everybody as long as it is not met.

    Raises:
        SettingsError: there are fewer than M different items to draw.
    """

    cumulative: Tensor
    log_expected: Tensor
    by_rank: Tensor
    log_missed: Tensor
    met: Tensor

    def __init__(
        self,
        num_items: int,
        distribution: Distribution,
        num_negatives: int,
        *,
        counts: Tensor | None = None,
        power: float = 1.0,
        correct: bool = True,
        met_only: bool = False,
    ) -> None:
        super().__init__()
        self.num_items = num_items
        self.distribution = distribution
        self.num_negatives = num_negatives
        self.met_only = met_only and counts is not None
        if self.met_only and counts is not None:
            self.register_buffer("met", 1 + counts[1:].nonzero().flatten(), persistent=False)
        prepare = {"popularity": self._prepare_popularity, "log_uniform": self._prepare_ranks}
        self.correct = correct and distribution in prepare
        if distribution in prepare:
            if counts is None:
                raise ValueError(f"{distribution} sampling needs the items' training counts.")
            prepare[distribution](counts, power)

    def draw(self, targets: Tensor) -> Negatives:
        """Draw for (B, W) targets, 0 where there is none, from their device's default generator."""
        device = targets.device
        if self.distribution == "full":
            ids = self.met if self.met_only else torch.arange(1, self.num_items, device=device)
            return Negatives(ids, torch.zeros(len(ids), device=device))
        if self.distribution == "log_uniform":
            return self._draw_different(device)
        if self.distribution == "in_batch":
            drawn = targets[targets > 0]
            if not len(drawn):  # no row has a target, so that whatever is drawn counts for nothing
                drawn = targets.new_ones(1)
        elif self.distribution == "uniform":
            drawn = self._drawn_evenly(device)
        else:
            points = torch.rand(self.num_negatives, dtype=torch.float64, device=device)
            drawn = torch.searchsorted(self.cumulative, points, right=True)
            drawn = drawn.clamp_max(self.num_items - 1)  # rounding of the last sum
        ids, counts = torch.unique(drawn, return_counts=True)
        return Negatives(ids, counts.to(torch.float32).log() - self._correction(ids, 0))

    def target_correction(self, ids: Tensor, drawn: Negatives) -> Tensor | float:
        """Return what is to be taken off the targets' logits, shaped like their `ids`."""
        return self._correction(ids, drawn.tries)

    def _prepare_popularity(self, counts: Tensor, power: float) -> None:
        weights = counts.to(torch.float64).pow(power)
        weights[0] = 0
        share = weights / weights.sum()
        self.register_buffer("cumulative", share.cumsum(0), persistent=False)
        log_expected = (share * self.num_negatives).log().to(torch.float32)
        # An item never seen in training is never drawn; as a target it stays uncorrected.
        log_expected = torch.where(share > 0, log_expected, 0.0)
        self.register_buffer("log_expected", log_expected, persistent=False)

    def _prepare_ranks(self, counts: Tensor, _: float) -> None:
        available = self.num_items - 1
        if self.num_negatives > available:
            raise SettingsError(
                f"--num_negatives={self.num_negatives} different items cannot be drawn from "
                f"{available} items; write --num_negatives={available // 2} or "
                "--negative_sampling=full."
            )
        by_rank = torch.argsort(counts[1:], descending=True, stable=True) + 1
        self.register_buffer("by_rank", by_rank, persistent=False)
        ranks = torch.arange(available, dtype=torch.float64)
        share = (torch.log1p(ranks + 1) - torch.log1p(ranks)) / math.log(self.num_items)
        log_missed = torch.zeros(self.num_items, dtype=torch.float64)
        log_missed[by_rank] = torch.log1p(-share)  # that one draw is another item
        self.register_buffer("log_missed", log_missed, persistent=False)

    def _drawn_evenly(self, device: torch.device) -> Tensor:
        """Draw M items, each as likely."""
        size = (self.num_negatives,)
        if self.met_only:
            return self.met[torch.randint(len(self.met), size, device=device)]
        return torch.randint(1, self.num_items, size, device=device)

    def _draw_different(self, device: torch.device) -> Negatives:
        """Draw by rank until M items are different."""
        ranks = torch.empty(0, dtype=torch.int64, device=device)
        distinct = first = ranks
        while len(distinct) < self.num_negatives:
            size = max(2 * self.num_negatives, len(ranks))
            points = torch.rand(size, dtype=torch.float64, device=device)
            more = (points * math.log(self.num_items)).exp().long() - 1  # in [0, N - 1)
            ranks = torch.cat([ranks, more.clamp_max(self.num_items - 2)])
            distinct, inverse = torch.unique(ranks, return_inverse=True)
            places = torch.arange(len(ranks), device=device)
            first = torch.full_like(distinct, len(ranks)).scatter_reduce(0, inverse, places, "amin")
        last = first.sort().values[self.num_negatives - 1]
        ids = self.by_rank[distinct[first <= last]].sort().values
        tries = int(last) + 1
        return Negatives(ids, -self._correction(ids, tries) + ids.new_zeros(len(ids)), tries)

    def _correction(self, ids: Tensor, tries: int) -> Tensor | float:
        if not self.correct:
            return 0.0
        if self.distribution == "popularity":
            return self.log_expected[ids]
        # The chance to be among the items drawn: 1 - (1 - q)^tries.
        chance = -torch.expm1(tries * self.log_missed[ids])
        return torch.where(ids > 0, chance, 1.0).log().to(torch.float32)

"""Item vectors out of what is known of the items, beside the vectors of their own."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from recbole_opal.interests.feature_table import FeatureTable

__all__ = ["ItemFeatures"]


class ItemFeatures(nn.Module):
    """`g(n) a e_i + f_i`: an item's own vector, trusted by its count, and that of its features.

    f is the sum over columns of the mean of a column's token vectors, and of each number,
    standardised over the items of training, times the vector of its column; what is missing adds
    nothing. `g(n) = n / (n + s)` of an item's n training interactions: an item that training has
    not met is its features alone. In training a share of the distinct items of a step loses its own
    vector (`a = 0`), so that features learn to stand for items by themselves. Source: this
    project; dropping ids for cold items: M. Volkovs, G. Yu, T. Poutanen, DropoutNet, NeurIPS 2017.

    What a step costs depends on the distinct items that it looks up and their tokens.

    Args:
        table: of N items.
        counts: (N,) training interactions of each.
        width: D.
        sparse: whether the gradient of the token vectors holds only those looked up.
        id_dropout: the share of items that lose their own vectors in training, in [0, 1).
        trust_after: s, how many interactions it takes to trust an item's own vector by half.
    """

    offsets: Tensor
    tokens: Tensor
    weights: Tensor
    numbers: Tensor
    centre: Tensor
    scale: Tensor
    trust: Tensor

    def __init__(
        self,
        table: FeatureTable,
        counts: Tensor,
        width: int,
        *,
        sparse: bool,
        id_dropout: float = 0.0,
        trust_after: float = 0.0,
    ) -> None:
        super().__init__()
        self.id_dropout = id_dropout
        self.embedding = nn.Embedding(max(table.num_tokens, 1), width, sparse=sparse)
        self.directions = nn.Parameter(torch.empty(len(table.number_columns), width))
        for vectors in (self.embedding.weight, self.directions):
            nn.init.normal_(vectors, std=0.1 * width**-0.5)
        for name, array in {
            "offsets": table.offsets,
            "tokens": table.tokens,
            "weights": table.weights(),
            "numbers": table.numbers,
        }.items():
            self.register_buffer(name, torch.from_numpy(array), persistent=False)
        centre, scale = _standard(table.numbers[counts.numpy() > 0])
        self.register_buffer("centre", centre)  # of the training items: part of the weights
        self.register_buffer("scale", scale)
        met = counts.to(torch.float32)
        trust = torch.where(met > 0, met / (met + trust_after), 0.0)
        self.register_buffer("trust", trust, persistent=False)

    def forward(self, own: Tensor, ids: Tensor) -> Tensor:
        """Return the vectors of (n,) items, (n, D), from their own ones, (n, D)."""
        trust = self.trust[ids]
        if self.training and self.id_dropout > 0:
            trust = trust * (torch.rand_like(trust) >= self.id_dropout)
        return trust.unsqueeze(-1) * own + self.of_items(ids)

    def of_items(self, ids: Tensor) -> Tensor:
        """Return what the features of (n,) items say, (n, D)."""
        starts, ends = self.offsets[ids], self.offsets[ids + 1]
        lengths = ends - starts
        firsts = lengths.cumsum(0) - lengths  # (n,) where each item's tokens begin, end to end
        shift = (starts - firsts).repeat_interleave(lengths)
        places = torch.arange(len(shift), device=ids.device) + shift
        return self.pooled(self.tokens[places], firsts, self.weights[places], self.numbers[ids])

    def pooled(self, tokens: Tensor, firsts: Tensor, weights: Tensor, numbers: Tensor) -> Tensor:
        """Return what features say of n items, known or new, (n, D).

        Args:
            tokens: (P,) of item after item.
            firsts: (n,) where each item's tokens begin.
            weights: (P,) of each token, see `FeatureTable.weights`.
            numbers: (n, C) as they are, NaN where one is missing.
        """
        # Each distinct token once: its gradient is one row, as that of a distinct item is.
        distinct, inverse = torch.unique(tokens, return_inverse=True)
        said = functional.embedding_bag(
            inverse, self.embedding(distinct), firsts, mode="sum", per_sample_weights=weights
        )
        standard = ((numbers - self.centre) / self.scale).nan_to_num(nan=0.0)
        return said + standard @ self.directions


def _standard(numbers: np.ndarray) -> tuple[Tensor, Tensor]:
    """Return the means and standard deviations of (n, C) numbers, NaN left out, 0 and 1 of none."""
    known = torch.from_numpy(numbers).double()
    there = ~known.isnan()
    counts = there.sum(dim=0).clamp_min(1)
    centre = known.nan_to_num(nan=0.0).sum(dim=0) / counts
    gaps = (known - centre).nan_to_num(nan=0.0)
    scale = (gaps.square().sum(dim=0) / counts).sqrt()
    return centre.float(), torch.where(scale > 0, scale, 1.0).float()

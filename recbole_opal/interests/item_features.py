"""Item vectors out of what is known of the items, beside the vectors of their own."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn import functional

from recbole_opal.interests.feature_table import FeatureTable
from recbole_opal.interests.unit import unit_length
X = {}
__all__ = ["ItemFeatures"]


class ItemFeatures(nn.Module):
    offsets: Tensor
    tokens: Tensor
    weights: Tensor
    rare: Tensor
    numbers: Tensor
    centre: Tensor
    scale: Tensor
    trust: Tensor
    known: Tensor

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
        self.columns, self.several, self.sizes = table.columns, table.several, table.sizes
        self.number_columns = table.number_columns
        self.id_dropout = id_dropout
        self.embedding = nn.Embedding(max(table.num_tokens, 1), width, sparse=sparse)
        self.directions = nn.Parameter(torch.empty(len(table.number_columns), width))
        for vectors in (self.embedding.weight, self.directions):
            nn.init.normal_(vectors, std=X.get("std", 0.1) * width**-0.5)
        met = counts.numpy() > 0
        owners = np.repeat(np.arange(len(table)), np.diff(table.offsets))
        by = np.bincount(table.tokens[met[owners]], minlength=max(table.num_tokens, 1))
        for name, array in {
            "offsets": table.offsets,
            "tokens": table.tokens,
            "weights": table.weights() * (by[table.tokens] > 0),
            "rare": by[table.tokens] <= 1,
            "numbers": table.numbers,
            "known": by > 0,
        }.items():
            self.register_buffer(name, torch.from_numpy(array), persistent=False)
        centre, scale = _standard(table.numbers[met])
        self.register_buffer("centre", centre)
        self.register_buffer("scale", scale)
        n = counts.to(torch.float32)
        trust = torch.where(n > 0, n / (n + trust_after), 0.0)
        self.register_buffer("trust", trust, persistent=False)

    def forward(self, own: Tensor, ids: Tensor) -> Tensor:
        trust, new = self.trust[ids], None
        if self.training and self.id_dropout > 0:
            new = torch.rand_like(trust) < self.id_dropout
            trust = trust.masked_fill(new, 0.0)
        g = trust.unsqueeze(-1)
        f = self.of_items(ids, new)
        mode = X.get("mode")
        if mode == "raw":
            return g * own + f
        own, f = unit_length(own), unit_length(f)
        if mode == "mix":
            return g * own + (1 - g) * f
        return g * own + X.get("w", 1.0) * f

    def of_items(self, ids: Tensor, new: Tensor | None = None) -> Tensor:
        starts, ends = self.offsets[ids], self.offsets[ids + 1]
        lengths = ends - starts
        firsts = lengths.cumsum(0) - lengths
        shift = (starts - firsts).repeat_interleave(lengths)
        places = torch.arange(len(shift), device=ids.device) + shift
        weights = self.weights[places]
        if new is not None:
            weights = weights.masked_fill(self.rare[places] & new.repeat_interleave(lengths), 0.0)
        return self.pooled(self.tokens[places], firsts, weights, self.numbers[ids])

    def pooled(self, tokens: Tensor, firsts: Tensor, weights: Tensor, numbers: Tensor) -> Tensor:
        distinct, inverse = torch.unique(tokens, return_inverse=True)
        said = functional.embedding_bag(
            inverse, self.embedding(distinct), firsts, mode="sum", per_sample_weights=weights
        )
        standard = ((numbers - self.centre) / self.scale).nan_to_num(nan=0.0)
        return said + standard @ self.directions


def _standard(numbers: npt.NDArray[np.float32]) -> tuple[Tensor, Tensor]:
    """Return the means and standard deviations of (n, C) numbers, NaN left out, 0 and 1 of none."""
    known = torch.from_numpy(numbers).double()
    counts = (~known.isnan()).sum(dim=0).clamp_min(1)
    centre = known.nan_to_num(nan=0.0).sum(dim=0) / counts
    gaps = (known - centre).nan_to_num(nan=0.0)
    scale = (gaps.square().sum(dim=0) / counts).sqrt()
    return centre.float(), torch.where(scale > 0, scale, 1.0).float()

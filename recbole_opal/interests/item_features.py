"""Item vectors out of what is known of the items, beside vectors of their own."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn import functional

from recbole_opal.interests.feature_table import FeatureTable

__all__ = ["ItemFeatures"]

_START = 0.1  # length of feature vectors at the start, where an item's own is close to 1


class ItemFeatures(nn.Module):
    """`a e_i + f_i`: an item's own vector, where training has met the item, and its features'.

    f is the sum over columns of the mean of a column's token vectors, and of each number,
    standardised over the items of training, times the vector of its column. What is missing adds
    nothing, nor does a token that no item of training has.

    In training a share of the distinct items of a step is taken for new: without the item's own
    vector, and without the tokens that only this item of training has, which stand for the item
    itself. So the others learn to stand for an item that nobody has met. Source: this project;
    leaving out ids: M. Volkovs, G. Yu, T. Poutanen, DropoutNet, NeurIPS 2017, where the rare tokens
    stay.

    What a step costs depends on the distinct items that it looks up, and on their tokens.

    Args:
        table: of N items.
        counts: (N,) training interactions of each.
        width: D.
        sparse: whether the gradient of the token vectors holds only those looked up.
        dropout: the share of items that are taken for new in training, in [0, 1).
    """

    offsets: Tensor  # these five are the table's
    tokens: Tensor
    weights: Tensor
    alone: Tensor  # (P,) bool, no other item of training has the token
    numbers: Tensor
    met: Tensor  # (N, 1) 0 or 1
    known: Tensor  # (tokens,) bool, an item of training has it
    centre: Tensor  # (C,) of the items of training, as the scale is: part of the weights
    scale: Tensor

    def __init__(
        self,
        table: FeatureTable,
        counts: Tensor,
        width: int,
        *,
        sparse: bool,
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        self.columns, self.several, self.sizes = table.columns, table.several, table.sizes
        self.number_columns, self.dropout = table.number_columns, dropout
        size = max(table.num_tokens, 1)
        self.embedding = nn.Embedding(size, width, sparse=sparse)
        self.directions = nn.Parameter(torch.empty(len(table.number_columns), width))
        for vectors in (self.embedding.weight, self.directions):
            nn.init.normal_(vectors, std=_START * width**-0.5)
        met = counts.cpu().numpy() > 0  # (N,)
        owners = np.repeat(np.arange(len(table)), np.diff(table.offsets))
        items_of = np.bincount(table.tokens[met[owners]], minlength=size)  # items of training
        for name, array in {
            "offsets": table.offsets,
            "tokens": table.tokens,
            "weights": table.weights(),
            "alone": items_of[table.tokens] <= 1,
            "numbers": table.numbers,
            "met": met[:, None].astype(np.float32),
            "known": items_of > 0,
        }.items():
            self.register_buffer(name, torch.from_numpy(array), persistent=False)
        centre, scale = _standard(table.numbers[met])
        self.register_buffer("centre", centre)
        self.register_buffer("scale", scale)

    def forward(self, own: Tensor, ids: Tensor) -> Tensor:
        """Return the vectors of (n,) items, (n, D), from their own ones, (n, D)."""
        kept = self.met[ids]
        if not (self.training and self.dropout > 0):
            return kept * own + self._of_known(ids, None)
        new = torch.rand_like(kept) < self.dropout  # (n, 1)
        return kept.masked_fill(new, 0.0) * own + self._of_known(ids, new.squeeze(-1))

    def of_new(self, table: FeatureTable) -> Tensor:
        """Return the vectors of n items that have features alone, (n, D).

        Args:
            table: theirs; of the same columns and tokens.
        """
        device = self.known.device
        tokens, firsts, weights, numbers = (
            torch.from_numpy(array).to(device)
            for array in (table.tokens, table.offsets[:-1], table.weights(), table.numbers)
        )
        return self._pooled(tokens, firsts, weights, numbers)

    def met_tokens(self, column: str) -> npt.NDArray[np.bool_]:
        """Return which tokens of a column an item of training has, (its size,)."""
        place = self.columns.index(column)
        start = sum(self.sizes[:place])
        met: npt.NDArray[np.bool_] = self.known[start : start + self.sizes[place]].cpu().numpy()
        return met

    def _of_known(self, ids: Tensor, new: Tensor | None) -> Tensor:
        """Return what features say of (n,) items, (n, D); (n,) bool tells which to take for new."""
        starts = self.offsets[ids]
        lengths = self.offsets[ids + 1] - starts
        firsts = lengths.cumsum(0) - lengths  # where the tokens of each begin, end to end
        shifts = (starts - firsts).repeat_interleave(lengths)
        places = torch.arange(len(shifts), device=ids.device) + shifts
        weights = self.weights[places]
        if new is not None:
            hidden = self.alone[places] & new.repeat_interleave(lengths)
            weights = weights.masked_fill(hidden, 0.0)
        return self._pooled(self.tokens[places], firsts, weights, self.numbers[ids])

    def _pooled(self, tokens: Tensor, firsts: Tensor, weights: Tensor, numbers: Tensor) -> Tensor:
        """Return what (P,) weighed tokens, item after item, and (n, C) numbers say, (n, D)."""
        weights = weights * self.known[tokens]
        # Each distinct token once: its gradient is one row, as that of a distinct item is.
        distinct, places = torch.unique(tokens, return_inverse=True)
        said = functional.embedding_bag(
            places, self.embedding(distinct), firsts, mode="sum", per_sample_weights=weights
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

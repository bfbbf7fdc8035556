"""Sums of a history's vectors under several weights, without a vector for each weight."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable
from torch.nn import functional

__all__ = ["sum_weighted"]


class _WeightedSums(torch.autograd.Function):
    """Every sum is a bag of an embedding bag, forwards and backwards."""

    @staticmethod
    def forward(
        context: Any, vectors: Tensor, weights: Tensor, rows: Tensor, starts: Tensor
    ) -> Tensor:
        """A row's items are one bag, for each of the K weights anew."""
        context.save_for_backward(vectors, weights, rows)
        sums = vectors.new_empty(len(starts), weights.shape[1], vectors.shape[1])
        items = torch.arange(len(vectors), device=vectors.device)
        for number, column in enumerate(weights.T.contiguous()):
            sums[:, number] = _bags(items, vectors, starts, column)
        return sums

    @staticmethod
    @once_differentiable
    def backward(context: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        """The K sums that an item went into are its bag; torch knows what bags owe to weights."""
        vectors, weights, rows = context.saved_tensors
        number = weights.shape[1]
        sums = (rows.unsqueeze(1) * number + torch.arange(number, device=rows.device)).flatten()
        ends = torch.arange(0, len(sums), number, device=rows.device)
        leaf = weights.flatten().detach().requires_grad_()
        with torch.enable_grad():
            to_vectors = _bags(sums, gradient.reshape(-1, gradient.shape[-1]), ends, leaf)
        (to_weights,) = torch.autograd.grad(to_vectors, leaf, vectors)
        return to_vectors.detach(), to_weights.view_as(weights), None, None


def _bags(places: Tensor, table: Tensor, starts: Tensor, weights: Tensor) -> Tensor:
    """Return the weighted sums of the table's rows at `places`, of which a bag starts at each."""
    return functional.embedding_bag(places, table, starts, mode="sum", per_sample_weights=weights)


def sum_weighted(vectors: Tensor, weights: Tensor, rows: Tensor, lengths: Tensor) -> Tensor:
    """Return `sum_t w_tk x_t` over the items of each row, (B, K, D), zero for an empty row.

    On a processor no (T, K, D) tensor is made; elsewhere, where memory is fast, it is.

    Args:
        vectors: (T, D) float, row after row.
        weights: (T, K) float.
        rows: (T,) int64, the row of each item, ascending.
        lengths: (B,) int64, items of each row.
    """
    dtype = torch.promote_types(vectors.dtype, weights.dtype)
    vectors, weights = vectors.to(dtype), weights.to(dtype)
    if vectors.device.type != "cpu" or len(vectors) == 0:
        weighted = weights.unsqueeze(-1) * vectors.unsqueeze(1)  # (T, K, D)
        sums = weighted.new_zeros(len(lengths), *weighted.shape[1:])
        return sums.index_add(0, rows, weighted)
    starts = lengths.cumsum(0) - lengths
    pooled: Tensor = _WeightedSums.apply(vectors, weights, rows, starts)  # type: ignore[no-untyped-call]
    return pooled
